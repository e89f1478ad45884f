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
