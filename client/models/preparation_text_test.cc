#include "client/models/preparation_text.h"

#include <gtest/gtest.h>

#include <map>

namespace convoy::client {
namespace {

TEST(PreparationTextTest, PartsAreTranslatedWithTheirNumbers) {
  const std::map<std::string, std::string> words = {
      {"made light on dark", "en clair"},
      {"cut out $0 x $1 pixels at ($2, $3)", "en ($2, $3), $0 x $1"},
      {"moved by ($0, $1) to centre its mass", "de ($0, $1)"}};
  const auto translated = [&](const std::string& text) {
    return words.count(text) != 0 ? words.at(text) : text;
  };
  EXPECT_EQ(PreparationText("made light on dark; cut out 125 x 159 pixels at (48, 57); moved by "
                            "(-1, +3) to centre its mass",
                            translated),
            "en clair; en (48, 57), 125 x 159; de (-1, +3)");
  for (const char* unknown :
       {"done $0 to it 3 times", "", "-", "+x 12", "a; b 1 2 3 4 5 6 7 8 9 10 11"}) {
    EXPECT_EQ(PreparationText(unknown, translated), unknown);
  }
}

}  // namespace
}  // namespace convoy::client
