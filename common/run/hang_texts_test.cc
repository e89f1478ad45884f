#include "common/run/hang_texts.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/i18n/message.h"

namespace convoy::run {
namespace {

// The language of a process is settled once, so this is its only test.
TEST(HangTextsTest, LinesAreKnownInBothLanguages) {
  ::setenv("LC_ALL", "fr_FR.UTF-8", 1);
  ::unsetenv("LANGUAGE");
  for (const char* text : {kRankIsLate, kRankIsFrozen, kRankIsUnheardOf}) {
    const i18n::Message line = i18n::MakeMessage(text, 1, "pc03", "X", "Y", 31);
    EXPECT_NE(line.english, line.shown);
    EXPECT_TRUE(TellsOfLateRank("trainer: error: " + line.english)) << line.english;
    EXPECT_TRUE(TellsOfLateRank("trainer: error: " + line.shown)) << line.shown;
  }
  EXPECT_FALSE(TellsOfLateRank("trainer: error: rank 1 on pc03: out of memory"));
  EXPECT_FALSE(TellsOfLateRank(""));
}

}  // namespace
}  // namespace convoy::run
