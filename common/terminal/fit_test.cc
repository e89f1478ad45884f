#include "common/terminal/fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace convoy::terminal {
namespace {

int WidestLine(const std::string& text) {
  int widest = 0;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    widest = std::max(widest, Columns(line));
  }
  return widest;
}

Terminal Of(int columns, bool utf8 = true) {
  return {.is_terminal = true, .can_redraw = true, .utf8 = utf8, .columns = columns};
}

TEST(ColumnsTest, AreThoseOfATerminal) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("▁█é"), 3);
  EXPECT_EQ(Columns("数字"), 4);     // wide
  EXPECT_EQ(Columns("e\u0301"), 1);  // an accent of its own
  EXPECT_EQ(Columns("\xff"), 1);     // no UTF-8
}

TEST(CutTest, KeepsWholeCharacters) {
  EXPECT_EQ(Cut("▁▂▃", 2), "▁▂");
  EXPECT_EQ(Cut("数字", 3), "数");
  EXPECT_EQ(CutLines("abc\n▁▂▃\nx\n", 2, 2), "ab\n▁▂\n");
  EXPECT_EQ(CutLines("abc\n", 9, 9), "abc\n");
  EXPECT_EQ(CutLines("abc", 9, 9), "abc");
}

TEST(FitTest, LeavesFilesAlone) {
  const std::string text = std::string(300, 'x') + "▁\n";
  EXPECT_EQ(Fit(text, Terminal{.columns = 20}), text);
}

TEST(FitTest, BreaksBetweenWordsAndIndents) {
  EXPECT_EQ(Fit("  data     MNIST, from a directory\n", Of(20)),
            "  data  MNIST, from\n    a directory\n");
  EXPECT_EQ(Fit("short\n", Of(20)), "short\n");
}

TEST(FitTest, EveryWidthHoldsEveryText) {
  const std::string text = " conv1 (Conv2D)             (None, 26, 26, 32)        320       \n" +
                           std::string(65, '_') + "\n  a/very/long/path/without/any/blank/in/it/" +
                           std::string(80, 'p') + "\n数字数字数字数字数字数字数字数字\n" +
                           std::string(200, ' ') + "end\n\n";
  for (int columns = 1; columns <= 1000; columns += columns < 90 ? 1 : 91) {
    EXPECT_LE(WidestLine(Fit(text, Of(columns))), std::max(columns, 2)) << columns;
  }
}

TEST(FitTest, NothingIsLost) {
  const std::string hash(64, 'a');
  std::string fitted = Fit("Weights SHA-256 " + hash + "\n", Of(40));
  std::erase_if(fitted, [](char c) { return c != 'a'; });
  EXPECT_EQ(fitted, hash);
}

TEST(FitTest, WithoutUtf8AsciiTakesItsPlace) {
  EXPECT_EQ(Fit("loss ▇▁ é 数\n", Of(80, false)), "loss #_ e ??\n");
}

TEST(FlowTest, BreaksBetweenPartsOnly) {
  EXPECT_EQ(Flow({"10/10", "4.1s", "loss: 0.1234"}, " - ", 20), "10/10 - 4.1s\n  - loss: 0.1234");
  EXPECT_EQ(Flow({"10/10", "4.1s"}, " - ", 20), "10/10 - 4.1s");
}

TEST(ProgressLineTest, PartsGoByNeedAndNumbersStayWhole) {
  const std::vector<Part> parts = {{"ETA: 3s", 1}, {"loss: 0.5000", 2}, {"9,999 images/s", 0}};
  EXPECT_EQ(ProgressLine("5/9", 0.5, parts, 200),
            "5/9 [===============>..............] - ETA: 3s - loss: 0.5000 - 9,999 images/s");
  EXPECT_EQ(ProgressLine("5/9", 0.5, parts, 50),
            "5/9 [=========>.........] - ETA: 3s - loss: 0.5000");
  EXPECT_EQ(ProgressLine("5/9", 0.5, parts, 30), "5/9 [====>....] - loss: 0.5000");
  EXPECT_EQ(ProgressLine("5/9", 0.5, parts, 14), "5/9 [====>...]");
  EXPECT_EQ(ProgressLine("5/9", 0.5, parts, 2), "5/");
}

}  // namespace
}  // namespace convoy::terminal
