#include "common/base/printable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(PrintableTest, TextStays) {
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(Printable("lenet5 'a' \\ 42%"), "lenet5 'a' \\ 42%");
  EXPECT_EQ(Printable("réseau à 3 couches, 数字, 🙂"), "réseau à 3 couches, 数字, 🙂");
}

TEST(PrintableTest, NothingMovesTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(Printable("one\ntwo\r\tthree"), "one\\x0atwo\\x0d\\x09three");
  EXPECT_EQ(Printable("c1: \xc2\x9b"), "c1: \\x9b");
  EXPECT_EQ(Printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
}

TEST(PrintableTest, NothingTurnsTheTextRound) {
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "gpj.exe"),
            "\\u202egpj.exe");
  EXPECT_EQ(Printable("\xe2\x81\xa6x\xd8\x9c"), "\\u2066x\\u061c");
  EXPECT_EQ(Printable("line\xe2\x80\xa8two"), "line\\u2028two");
}

TEST(PrintableTest, BytesThatAreNoUtf8AreShownOneByOne) {
  EXPECT_EQ(Printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");                    // longer than needed
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(Printable("cut \xe2\x82"), "cut \\xe2\\x82");
}

TEST(PrintableTest, LongTextIsCutAtACharacter) {
  EXPECT_EQ(Printable("1234567890", 10), "1234567890");
  EXPECT_EQ(Printable("12345678901", 10), "1234567...");
  EXPECT_EQ(Printable("123456éé", 9), "123456...");
  EXPECT_EQ(Printable(std::string(60000, 'a')).size(), kMaxPrintable);
  EXPECT_EQ(Quoted(std::string(100, 'a')), "'" + std::string(61, 'a') + "...'");
}

TEST(PrintableTest, SeveralLinesBecomeOne) {
  EXPECT_EQ(OneLine("a:\n\tb\r\nc"), "a:  b  c");
  EXPECT_EQ(OneLine("\x1b"), "\x1b");  // Printable's to show
}

}  // namespace
}  // namespace convoy
