#include "common/i18n/language.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace convoy::i18n {
namespace {

struct Environment {
  const char* language = "";
  const char* lc_all = "";
  const char* lc_messages = "";
  const char* lang = "";
};

std::string LanguageIn(const Environment& environment) {
  ::setenv("LANGUAGE", environment.language, 1);
  ::setenv("LC_ALL", environment.lc_all, 1);
  ::setenv("LC_MESSAGES", environment.lc_messages, 1);
  ::setenv("LANG", environment.lang, 1);
  constexpr std::string_view kKnown[] = {"fr", "pt_BR"};
  return UserLanguage(kKnown);
}

TEST(UserLanguageTest, TheLocaleIsTheFirstThatIsSet) {
  EXPECT_EQ(LanguageIn({.lang = "fr_FR.UTF-8"}), "fr");
  EXPECT_EQ(LanguageIn({.lc_messages = "fr_FR.UTF-8", .lang = "en_GB.UTF-8"}), "fr");
  EXPECT_EQ(LanguageIn({.lc_all = "C.UTF-8", .lc_messages = "fr_FR.UTF-8"}), "");
  EXPECT_EQ(LanguageIn({}), "");
}

TEST(UserLanguageTest, CountryCharsetAndModifierAreLookedThrough) {
  for (const char* locale : {"fr", "fr_CA", "fr_FR.UTF-8", "fr_BE.ISO-8859-1@euro", "fr@euro"}) {
    EXPECT_EQ(LanguageIn({.lang = locale}), "fr") << locale;
  }
  EXPECT_EQ(LanguageIn({.lang = "pt_BR.UTF-8"}), "pt_BR");
  for (const char* locale : {"pt", "pt_PT", "fra", "frr_DE", "French", "C", "POSIX", "C.UTF-8"}) {
    EXPECT_EQ(LanguageIn({.lang = locale}), "") << locale;
  }
}

TEST(UserLanguageTest, TheListGoesFirst) {
  EXPECT_EQ(LanguageIn({.language = "de:fr", .lang = "en_US.UTF-8"}), "fr");
  EXPECT_EQ(LanguageIn({.language = "fr_CA:en", .lang = "en_US.UTF-8"}), "fr");
  EXPECT_EQ(LanguageIn({.language = "pt_BR:fr", .lang = "fr_FR.UTF-8"}), "pt_BR");
  EXPECT_EQ(LanguageIn({.language = "en:fr", .lang = "fr_FR.UTF-8"}), "");
  EXPECT_EQ(LanguageIn({.language = "en_GB", .lang = "fr_FR.UTF-8"}), "");
  EXPECT_EQ(LanguageIn({.language = "::de:", .lang = "fr_FR.UTF-8"}), "fr");
  EXPECT_EQ(LanguageIn({.language = "fr", .lang = "C.UTF-8"}), "fr");
}

TEST(UserLanguageTest, TheListMeansNothingInTheLocaleC) {
  EXPECT_EQ(LanguageIn({.language = "fr"}), "");
  EXPECT_EQ(LanguageIn({.language = "fr", .lang = "C"}), "");
  EXPECT_EQ(LanguageIn({.language = "fr", .lc_all = "POSIX", .lang = "fr_FR.UTF-8"}), "");
}

}  // namespace
}  // namespace convoy::i18n
