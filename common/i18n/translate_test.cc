#include "common/i18n/translate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace convoy {
namespace {

// What is decided once a process is decided here.
class TranslateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::setenv("LANGUAGE", "", 1);
    ::setenv("LC_ALL", "fr_FR.UTF-8", 1);
    EXPECT_EQ(Tr("Models"), "Modèles");
  }
};

TEST_F(TranslateTest, ValuesStandWhereTheTranslationHasThem) {
  EXPECT_EQ(Tr("$0 of $1", 3, "7"), "3 sur 7");
  EXPECT_EQ(Tr("no such text: $0", "$1"), "no such text: $1");
  EXPECT_EQ(Tr(""), "");
}

TEST_F(TranslateTest, FrenchSaysNoneInTheSingular) {
  EXPECT_EQ(TrPlural("$0 rank", "$0 ranks", 0, 0), "0 rang");
  EXPECT_EQ(TrPlural("$0 rank", "$0 ranks", 1, 1), "1 rang");
  EXPECT_EQ(TrPlural("$0 rank", "$0 ranks", 2, 2), "2 rangs");
  EXPECT_EQ(TrPlural("$0 unknown", "$0 unknowns", 0, 0), "0 unknowns");
  EXPECT_EQ(TrPlural("$0 unknown", "$0 unknowns", 1, 1), "1 unknown");
}

TEST_F(TranslateTest, ThousandsStandApart) {
  EXPECT_EQ(TrThousands(48000), "48\u00a0000");
  EXPECT_EQ(TrThousands(480), "480");
}

}  // namespace
}  // namespace convoy
