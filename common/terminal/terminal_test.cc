#include "common/terminal/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>

namespace convoy::terminal {
namespace {

void SetLocale(const char* lc_all, const char* lc_ctype, const char* lang) {
  ::setenv("LC_ALL", lc_all, 1);
  ::setenv("LC_CTYPE", lc_ctype, 1);
  ::setenv("LANG", lang, 1);
}

TEST(LocaleIsUtf8Test, TheFirstThatIsSetDecides) {
  SetLocale("", "", "fr_FR.UTF-8");
  EXPECT_TRUE(LocaleIsUtf8());
  SetLocale("C", "", "fr_FR.UTF-8");
  EXPECT_FALSE(LocaleIsUtf8());
  SetLocale("", "C.utf8", "C");
  EXPECT_TRUE(LocaleIsUtf8());
  SetLocale("", "", "fr_FR.ISO-8859-1@euro");
  EXPECT_FALSE(LocaleIsUtf8());
  SetLocale("", "", "fr_FR");
  EXPECT_TRUE(LocaleIsUtf8());
  SetLocale("", "", "");
  EXPECT_FALSE(LocaleIsUtf8());
}

// A pseudo-terminal as a stream.
class TerminalTest : public testing::Test {
 protected:
  TerminalTest() {
    struct winsize size = {.ws_row = 33, .ws_col = 44};
    EXPECT_EQ(::openpty(&ours_, &its_, nullptr, nullptr, &size), 0);
    stream_ = ::fdopen(its_, "w");
  }
  ~TerminalTest() override {
    std::fclose(stream_);
    ::close(ours_);
  }

  int ours_ = -1;
  int its_ = -1;
  std::FILE* stream_ = nullptr;
};

TEST_F(TerminalTest, TellsItsSize) {
  ::setenv("TERM", "xterm", 1);
  const Terminal terminal = TerminalOf(stream_);
  EXPECT_TRUE(terminal.is_terminal && terminal.can_redraw);
  EXPECT_EQ(terminal.columns, 44);
  EXPECT_EQ(terminal.rows, 33);
}

TEST_F(TerminalTest, ADumbOneCannotRedraw) {
  ::setenv("TERM", "dumb", 1);
  const Terminal terminal = TerminalOf(stream_);
  EXPECT_TRUE(terminal.is_terminal);
  EXPECT_FALSE(terminal.can_redraw);
}

TEST(FileTest, IsNoTerminal) {
  std::FILE* file = std::tmpfile();
  EXPECT_FALSE(TerminalOf(file).is_terminal);
  std::fclose(file);
}

}  // namespace
}  // namespace convoy::terminal
