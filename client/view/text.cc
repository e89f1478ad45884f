#include "client/view/text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/printable.h"
#include "common/i18n/translate.h"
#include "common/terminal/fit.h"

namespace convoy::client {

std::string PercentText(double ratio) { return absl::StrFormat("%.2f%%", 100 * ratio); }

std::string BytesText(int64_t bytes) {
  if (bytes < 1024) return Tr("$0 bytes", bytes);
  const char* unit = Marked("$0 KB");
  double value = static_cast<double>(bytes) / 1024;
  for (const char* larger : {Marked("$0 MB"), Marked("$0 GB"), Marked("$0 TB")}) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return Tr(unit, absl::StrFormat("%.1f", value));
}

Table::Table(std::vector<std::string> headers, std::vector<Align> aligns)
    : aligns_(std::move(aligns)) {
  AddRow(std::move(headers));
}

void Table::AddRow(std::vector<std::string> cells) {
  CONVOY_CHECK_EQ(cells.size(), aligns_.size());
  for (std::string& cell : cells) cell = Printable(cell, std::string::npos);
  rows_.push_back(std::move(cells));
}

std::string Table::ToText(int indent) const {
  std::vector<int> widths(aligns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], terminal::Columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(static_cast<size_t>(widths[i] - terminal::Columns(row[i])), ' ');
      if (i > 0) line += "  ";
      line += aligns_[i] == Align::kLeft ? row[i] + padding : padding + row[i];
    }
    absl::StrAppend(&text, line.substr(0, line.find_last_not_of(' ') + 1), "\n");
  }
  return text;
}

}  // namespace convoy::client
