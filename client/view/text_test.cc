#include "client/view/text.h"

#include <gtest/gtest.h>

namespace convoy::client {
namespace {

TEST(TextTest, BytesTakeTheLargestUnitThatFits) {
  EXPECT_EQ(BytesText(1023), "1023 bytes");
  EXPECT_EQ(BytesText(1536), "1.5 KB");
  EXPECT_EQ(BytesText(int64_t{5} << 40), "5.0 TB");
  EXPECT_EQ(BytesText(int64_t{5} << 50), "5120.0 TB");
}

TEST(TextTest, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("▁█"), 2);
}

TEST(TextTest, CutTextKeepsWholeCharactersAndLines) {
  EXPECT_EQ(CutText("abc\n▁▂▃\nx\n", 2, 2), "ab\n▁▂\n");
  EXPECT_EQ(CutText("abc\n", 9, 9), "abc\n");
}

TEST(TableTest, AlignsColumnsWithoutTrailingSpaces) {
  Table table({"name", "loss"}, {Align::kLeft, Align::kRight});
  table.AddRow({"a", "0.5"});
  table.AddRow({"é▁longer", "10.25"});
  EXPECT_EQ(table.ToText(2),
            "  name       loss\n"
            "  a           0.5\n"
            "  é▁longer  10.25\n");
}

TEST(TableTest, EmptyCellsAtTheEndLeaveNoSpaces) {
  Table table({"a", "b"}, {Align::kLeft, Align::kLeft});
  table.AddRow({"x", ""});
  EXPECT_EQ(table.ToText(), "a  b\nx\n");
}

}  // namespace
}  // namespace convoy::client
