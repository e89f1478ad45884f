// Tables and amounts as text for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoy::client {

// 0.98765 -> "98.77%".
std::string PercentText(double ratio);

// 1536 -> "1.5 KB" (1 KB = 1024 bytes).
std::string BytesText(int64_t bytes);

enum class Align { kLeft, kRight };

// A table with a line of headers. Columns are as wide as their widest cell and two spaces apart.
// Where that is too wide, headers of several words take several lines, then the gaps become
// narrower, and at last the table becomes a list: of each row its first cell, and below it each of
// the others that says something, behind its header.
class Table {
 public:
  // One header and alignment a column.
  Table(std::vector<std::string> headers, std::vector<Align> aligns);

  // Each cell is shown as Printable has it. REQUIRES: as many cells as columns.
  void AddRow(std::vector<std::string> cells);

  // Returns the lines, each indented by `indent` spaces, without trailing spaces, of at most
  // `columns` where the cells allow it; 0: as wide as they are.
  std::string ToText(int columns, int indent = 0) const;

 private:
  using Row = std::vector<std::string>;

  std::string Lines(const std::vector<Row>& head, int gap, int indent) const;
  std::string List(int indent) const;

  std::vector<Row> rows_;  // the headers first
  std::vector<Align> aligns_;
};

}  // namespace convoy::client
