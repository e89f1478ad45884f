#include "common/figures/report/html.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/utf8.h"

namespace convoy::gallery {
namespace {

constexpr char kStyle[] = R"(
body { font: 16px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #222; background: #fff;
  max-width: 1060px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; } h2 { margin-top: 2.2em; border-bottom: 1px solid #ddd; }
img { max-width: 100%; height: auto; display: block; margin: 1em 0; }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: 14px; line-height: 1.35; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.25em 0.9em; text-align: right; border-bottom: 1px solid #ddd;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
td { overflow-wrap: anywhere; }
)";

std::string Row(const std::vector<std::string>& cells, size_t columns, const char* tag) {
  std::string row = "<tr>";
  for (size_t i = 0; i < columns; ++i) {
    const std::string cell = i < cells.size() ? EscapeHtml(cells[i]) : "";
    absl::StrAppend(&row, "<", tag, ">", cell, "</", tag, ">");
  }
  return row + "</tr>\n";
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    result += VisibleUtf8(text.substr(0, end));
    if (end < text.size()) result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return absl::StrReplaceAll(
      result, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string TableToHtml(const HtmlTable& table) {
  size_t columns = table.header.size();
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  std::string html = "<table>\n";
  if (!table.header.empty()) html += Row(table.header, columns, "th");
  for (const auto& row : table.rows) html += Row(row, columns, "td");
  return html + "</table>\n";
}

std::string SvgToHtml(const std::string& svg, std::string_view alternative) {
  return absl::StrCat("<img alt=\"", EscapeHtml(alternative), "\" src=\"data:image/svg+xml;base64,",
                      absl::Base64Escape(svg), "\">\n");
}

std::string HtmlPage(std::string_view language, std::string_view title, std::string_view body) {
  return absl::StrCat("<!DOCTYPE html>\n<html lang=\"", EscapeHtml(language),
                      "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                      "content=\"width=device-width, initial-scale=1\">\n<title>",
                      EscapeHtml(title), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n",
                      std::string(body), "</body>\n</html>\n");
}

}  // namespace convoy::gallery
