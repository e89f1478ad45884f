// Building blocks of a self-contained HTML page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoy::gallery {

// Returns the text with &, <, >, " and ' as character references; what cannot be shown is replaced
// as VisibleUtf8 does, but line ends stay.
std::string EscapeHtml(std::string_view text);

// Cells of a table, as plain text. A row with fewer cells than the header is filled up.
struct HtmlTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// Returns a table; numbers stand right, the first column left.
std::string TableToHtml(const HtmlTable& table);

// Returns an <img> that holds the SVG file itself.
std::string SvgToHtml(const std::string& svg, std::string_view alternative);

// Returns the whole page around `body`, in the language "en" or "fr".
std::string HtmlPage(std::string_view language, std::string_view title, std::string_view body);

}  // namespace convoy::gallery
