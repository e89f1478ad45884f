#include "client/view/text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/printable.h"
#include "common/i18n/translate.h"
#include "common/terminal/fit.h"

namespace convoy::client {
namespace {

// A header's words: "val_accuracy" becomes "val_" and "accuracy", "of the right one" four.
std::vector<std::string> HeaderWords(const std::string& header) {
  std::vector<std::string> words(1);
  for (const char c : header) {
    if (c != ' ') words.back() += c;
    if (c == ' ' || c == '_') words.emplace_back();
  }
  return words;
}

// The headers in lines of a word each, the last words in the last line.
std::vector<std::vector<std::string>> BrokenHeaders(const std::vector<std::string>& headers) {
  std::vector<std::vector<std::string>> broken;
  size_t lines = 1;
  for (const std::string& header : headers) {
    broken.push_back(HeaderWords(header));
    lines = std::max(lines, broken.back().size());
  }
  std::vector<std::vector<std::string>> rows(lines, std::vector<std::string>(headers.size()));
  for (size_t i = 0; i < headers.size(); ++i) {
    const size_t empty = lines - broken[i].size();
    for (size_t k = 0; k < broken[i].size(); ++k) rows[empty + k][i] = broken[i][k];
  }
  return rows;
}

int WidestLine(const std::string& text) {
  int widest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    widest = std::max(widest, terminal::Columns(std::string_view(line.data(), line.size())));
  return widest;
}

}  // namespace

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

std::string Table::ToText(int columns, int indent) const {
  const std::vector<Row> whole = {rows_.front()};
  const std::vector<Row> broken = BrokenHeaders(rows_.front());
  constexpr int kGap = 2;
  for (const auto& [head, gap] : {std::pair(whole, kGap), {broken, kGap}, {broken, kGap - 1}}) {
    std::string text = Lines(head, gap, indent);
    if (columns == 0 || WidestLine(text) <= columns) return text;
  }
  return List(indent);
}

// `head` stands in place of the first row.
std::string Table::Lines(const std::vector<Row>& head, int gap, int indent) const {
  std::vector<Row> rows = head;
  rows.insert(rows.end(), rows_.begin() + 1, rows_.end());
  std::vector<int> widths(aligns_.size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], terminal::Columns(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(static_cast<size_t>(widths[i] - terminal::Columns(row[i])), ' ');
      if (i > 0) line.append(static_cast<size_t>(gap), ' ');
      line += aligns_[i] == Align::kLeft ? row[i] + padding : padding + row[i];
    }
    absl::StrAppend(&text, line.substr(0, line.find_last_not_of(' ') + 1), "\n");
  }
  return text;
}

std::string Table::List(int indent) const {
  const Row& headers = rows_.front();
  int widest = 0;
  for (size_t i = 1; i < headers.size(); ++i)
    widest = std::max(widest, terminal::Columns(headers[i]));
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string text;
  for (auto row = rows_.begin() + 1; row != rows_.end(); ++row) {
    const std::string before = headers[0].empty() ? "" : headers[0] + " ";
    absl::StrAppend(&text, margin, before, row->front(), "\n");
    for (size_t i = 1; i < row->size(); ++i) {
      const std::string& cell = (*row)[i];
      if (cell.empty() || cell == "-" || cell == ".") continue;
      const auto gap = static_cast<size_t>(widest - terminal::Columns(headers[i]));
      absl::StrAppend(&text, margin, "  ", headers[i], std::string(gap + (widest > 0 ? 1 : 0), ' '),
                      cell, "\n");
    }
  }
  return text;
}

}  // namespace convoy::client
