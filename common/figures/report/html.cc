#include "common/figures/report/html.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/utf8.h"

namespace convoy::gallery {
namespace {

constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ddd; --code: #f6f6f6;
  --hint: #555; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #1c1c1e; --line: #48484a; --code: #2c2c2e; --hint: #b0b0b4; }
}
body { font: 16px/1.5 "DejaVu Sans", Verdana, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 1060px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; overflow-wrap: anywhere; }
h2 { margin-top: 2.2em; border-bottom: 1px solid var(--line); }
img { max-width: 100%; height: auto; display: block; margin: 1em 0; background: #fff;
  border-radius: 6px; }
.hint { color: var(--hint); max-width: 48em; }
pre { background: var(--code); padding: 1em; overflow-x: auto; font-size: 14px;
  line-height: 1.35; }
.table { overflow-x: auto; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.25em 0.9em; text-align: right; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
tbody th { font-weight: normal; }
th:first-child { text-align: left; }
td.long { overflow-wrap: anywhere; min-width: 12em; }
/* Texts in figures stay readable on a phone: a wide figure is moved sideways. */
.figure { overflow-x: auto; }
@media (max-width: 600px) { table { font-size: 0.75em; } th, td { padding: 0.25em 0.3em; } body { margin: 1em auto; }
  .figure img { max-width: none; width: 36em; } }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; }
  img { max-height: 11cm; width: auto; }
  .figure, table, pre, p { break-inside: avoid; }
  h2, h2 + p { break-after: avoid; } .hint { break-before: avoid; }
  h2 { margin-top: 1.2em; } pre { font-size: 8pt; } .table { overflow: visible; }
}
)";

constexpr size_t kLongCell = 40;  // characters without a break: a hash, not a number

// A row of headings of columns, or one that begins with its own heading.
std::string Row(const std::vector<std::string>& cells, size_t columns, bool is_header) {
  std::string row = "<tr>";
  for (size_t i = 0; i < columns; ++i) {
    const std::string text = i < cells.size() ? cells[i] : "";
    const std::string cell = EscapeHtml(text);
    if (is_header) {
      absl::StrAppend(&row, "<th scope=\"col\">", cell, "</th>");
    } else if (i == 0) {
      absl::StrAppend(&row, "<th scope=\"row\">", cell, "</th>");
    } else {
      absl::StrAppend(&row, text.size() > kLongCell ? "<td class=\"long\">" : "<td>", cell,
                      "</td>");
    }
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
  std::string html = "<div class=\"table\"><table>\n";
  if (!table.header.empty()) {
    absl::StrAppend(&html, "<thead>", Row(table.header, columns, /*is_header=*/true), "</thead>\n");
  }
  html += "<tbody>\n";
  for (const auto& row : table.rows) html += Row(row, columns, /*is_header=*/false);
  return html + "</tbody></table></div>\n";
}

std::string SvgToHtml(const std::string& svg, std::string_view alternative) {
  return absl::StrCat("<div class=\"figure\" tabindex=\"0\"><img alt=\"", EscapeHtml(alternative),
                      "\" src=\"data:image/svg+xml;base64,", absl::Base64Escape(svg),
                      "\"></div>\n");
}

std::string HtmlPage(std::string_view language, std::string_view title, std::string_view body) {
  return absl::StrCat("<!DOCTYPE html>\n<html lang=\"", EscapeHtml(language),
                      "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                      "content=\"width=device-width, initial-scale=1\">\n<title>",
                      EscapeHtml(title), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n",
                      std::string(body), "</body>\n</html>\n");
}

}  // namespace convoy::gallery
