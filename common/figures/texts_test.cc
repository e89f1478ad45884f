#include "common/figures/texts.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "common/base/utf8.h"

namespace convoy::figures {
namespace {

// The table is nothing but pointers to words.
const char* const* WordsOf(const Texts& texts) {
  return reinterpret_cast<const char* const*>(&texts);
}

size_t CountHoles(const std::string& text) {
  size_t count = 0;
  for (size_t place = 0; (place = text.find("%s", place)) != std::string::npos; ++place) ++count;
  return count;
}

TEST(TextsTest, BothLanguagesHaveEveryTextWithTheSameHoles) {
  const char* const* english = WordsOf(TextsIn(Language::kEnglish));
  const char* const* french = WordsOf(TextsIn(Language::kFrench));
  for (size_t i = 0; i < sizeof(Texts) / sizeof(char*); ++i) {
    ASSERT_NE(english[i], nullptr) << i;
    ASSERT_NE(french[i], nullptr) << english[i];
    EXPECT_EQ(CountHoles(english[i]), CountHoles(french[i])) << english[i];
    EXPECT_EQ(VisibleUtf8(french[i]), french[i]);
  }
}

TEST(TextsTest, NumbersAreWrittenAsTheLanguageDoes) {
  EXPECT_EQ(Number(Language::kEnglish, 0.256, 2), "0.26");
  EXPECT_EQ(Number(Language::kFrench, 0.256, 2), "0,26");
  EXPECT_EQ(ShortNumber(Language::kFrench, 0.3), "0,3");
  EXPECT_EQ(ShortNumber(Language::kEnglish, 2), "2");
  EXPECT_EQ(ShortNumber(Language::kEnglish, 10), "10");
  EXPECT_EQ(Percent(Language::kEnglish, 0.9902, 2), "99.02%");
  EXPECT_EQ(Percent(Language::kFrench, 0.9902, 2), "99,02\u00a0%");
  EXPECT_EQ(Count(Language::kEnglish, 1234567), "1,234,567");
  EXPECT_EQ(Count(Language::kFrench, 10000), "10\u00a0000");
  EXPECT_EQ(Count(Language::kEnglish, 999), "999");
  EXPECT_EQ(Count(Language::kEnglish, -1000), "-1,000");
}

TEST(TextsTest, FillReplacesInOrder) {
  EXPECT_EQ(Fill("%s of %s", {"1", "%s"}), "1 of %s");
  EXPECT_EQ(Fill("none", {}), "none");
}

TEST(LanguageOfTest, TakesNamesAndTheLocale) {
  EXPECT_EQ(*LanguageOf("en"), Language::kEnglish);
  EXPECT_EQ(*LanguageOf("fr"), Language::kFrench);
  ::setenv("LC_ALL", "", 1);
  ::setenv("LC_MESSAGES", "fr_FR.UTF-8", 1);
  ::setenv("LANG", "en_GB.UTF-8", 1);
  EXPECT_EQ(*LanguageOf(""), Language::kFrench);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  EXPECT_EQ(*LanguageOf(""), Language::kEnglish);
  EXPECT_EQ(LanguageOf("de").status().message(), "lang: there are only en and fr, not 'de'");
}

}  // namespace
}  // namespace convoy::figures
