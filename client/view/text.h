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
class Table {
 public:
  // One header and alignment a column.
  Table(std::vector<std::string> headers, std::vector<Align> aligns);

  // Each cell is shown as Printable has it. REQUIRES: as many cells as columns.
  void AddRow(std::vector<std::string> cells);

  // Returns the lines, each indented by `indent` spaces, without trailing spaces.
  std::string ToText(int indent = 0) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the headers first
  std::vector<Align> aligns_;
};

}  // namespace convoy::client
