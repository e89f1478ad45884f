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
  EXPECT_EQ(table.ToText(0, 2),
            "  name       loss\n"
            "  a           0.5\n"
            "  é▁longer  10.25\n");
}

Table Accuracies() {
  Table table({"name", "val_accuracy", "of the right one"},
              {Align::kLeft, Align::kRight, Align::kRight});
  table.AddRow({"a", "99.00%", "1.00%"});
  table.AddRow({"b", "-", "2.00%"});
  return table;
}

TEST(TableTest, HeadersAreBrokenBeforeAnythingElse) {
  EXPECT_EQ(Accuracies().ToText(36),
            "name  val_accuracy  of the right one\n"
            "a           99.00%             1.00%\n"
            "b                -             2.00%\n");
  const std::string broken =
      "                   of\n"
      "                  the\n"
      "          val_  right\n"
      "name  accuracy    one\n"
      "a       99.00%  1.00%\n"
      "b            -  2.00%\n";
  EXPECT_EQ(Accuracies().ToText(35), broken);
  EXPECT_EQ(Accuracies().ToText(21), broken);
  EXPECT_EQ(Accuracies().ToText(20),
            "                 of\n"
            "                the\n"
            "         val_ right\n"
            "name accuracy   one\n"
            "a      99.00% 1.00%\n"
            "b           - 2.00%\n");
}

TEST(TableTest, NoCellBringsALineOfItsOwn) {
  Table table({"job", "state"}, {Align::kLeft, Align::kLeft});
  table.AddRow({"a\nb  succeeded", "\x1b[2Jlost"});
  EXPECT_EQ(table.ToText(0), "job                state\na\\x0ab  succeeded  \\x1b[2Jlost\n");
}

TEST(TableTest, BecomesAListOfWhatIsKnownWhereNoTableFits) {
  EXPECT_EQ(Accuracies().ToText(18, 2),
            "  name a\n"
            "    val_accuracy     99.00%\n"
            "    of the right one 1.00%\n"
            "  name b\n"
            "    of the right one 2.00%\n");
  Table corner({"", "x"}, {Align::kLeft, Align::kLeft});
  corner.AddRow({"state", "running"});
  EXPECT_EQ(corner.ToText(5), "state\n  x running\n");
}

TEST(TableTest, EmptyCellsAtTheEndLeaveNoSpaces) {
  Table table({"a", "b"}, {Align::kLeft, Align::kLeft});
  table.AddRow({"x", ""});
  EXPECT_EQ(table.ToText(0), "a  b\nx\n");
}

}  // namespace
}  // namespace convoy::client
