// Lines are measured by libunistring, as terminals do: characters are not columns. What does not
// fit is broken between words, because a terminal would break it anywhere.
#include "common/terminal/fit.h"

#include <unistr.h>
#include <uniwidth.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/printable.h"
#include "common/base/text.h"

namespace convoy::terminal {
namespace {

constexpr char kCharset[] = "UTF-8";
constexpr int kWidestBar = 30;
constexpr int kNarrowestBar = 6;
constexpr int kFrame = 3;  // " [" and "]"

struct Character {
  size_t bytes = 1;
  ucs4_t code = 0xfffd;
};

// REQUIRES: `text` is not empty.
Character First(std::string_view text) {
  Character first;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const int used = u8_mbtoucr(&first.code, bytes, text.size());
  if (used > 0) return {static_cast<size_t>(used), first.code};
  return {1, 0xfffd};
}

int ColumnsOf(const Character& character) {
  return std::max(uc_width(character.code, kCharset), 0);
}

const std::map<std::string_view, const char*>& AsciiForms() {
  static const auto* const forms = new std::map<std::string_view, const char*>{
      {"▁", "_"},   {"▂", "_"},      {"▃", "-"},     {"▄", "-"}, {"▅", "="},  {"▆", "="},
      {"▇", "#"},   {"█", "#"},      {"▏", "."},     {"▎", ":"}, {"▍", ":"},  {"▌", "|"},
      {"▋", "|"},   {"▊", "#"},      {"▉", "#"},     {"·", "."}, {"—", "-"},  {"–", "-"},
      {"−", "-"},   {"×", "x"},      {"±", "~"},     {"à", "a"}, {"â", "a"},  {"ç", "c"},
      {"é", "e"},   {"è", "e"},      {"ê", "e"},     {"ë", "e"}, {"î", "i"},  {"ï", "i"},
      {"ô", "o"},   {"ù", "u"},      {"û", "u"},     {"ü", "u"}, {"À", "A"},  {"Â", "A"},
      {"Ç", "C"},   {"É", "E"},      {"È", "E"},     {"Ê", "E"}, {"Ë", "E"},  {"Î", "I"},
      {"Ï", "I"},   {"Ô", "O"},      {"Ù", "U"},     {"Û", "U"}, {"Ü", "U"},  {"œ", "oe"},
      {"«", "\""},  {"»", "\""},     {"’", "'"},     {"‘", "'"}, {"“", "\""}, {"”", "\""},
      {"…", "..."}, {"\u00a0", " "}, {"\u202f", " "}};
  return *forms;
}

// Breaks a word that is wider than a line; returns what is left for the next word's line.
std::string BreakWord(std::string word, int columns, const std::string& indent,
                      std::vector<std::string>* lines) {
  const int room = columns - static_cast<int>(indent.size());
  while (Columns(word) > room) {
    std::string piece = Cut(word, room);
    if (piece.empty()) piece = word.substr(0, First(word).bytes);  // wider than the whole line
    word.erase(0, piece.size());
    lines->push_back(indent + piece);
  }
  return word;
}

std::vector<std::string> Pieces(std::string_view text, char between) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), between);
}

// The words of a line; a gap of several spaces, as between columns of a table, stays visible.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  int spaces = 0;
  for (const std::string& word : Pieces(line, ' ')) {
    ++spaces;
    if (word.empty()) continue;
    words.push_back(absl::StrCat(spaces > 2 ? " " : "", word));
    spaces = 0;
  }
  return words;
}

std::string Wrap(std::string_view line, int columns) {
  const size_t text_begin = std::min(line.find_first_not_of(' '), line.size());
  const size_t deepest = static_cast<size_t>(columns) / 3;
  std::string indent(std::min(text_begin, deepest), ' ');
  std::vector<std::string> lines;
  std::string current = indent;
  bool begun = false;
  indent.resize(std::min(indent.size() + 2, deepest), ' ');
  for (std::string word : Words(line.substr(text_begin))) {
    if (begun && Columns(current) + 1 + Columns(word) > columns) {
      lines.push_back(current);
      current = indent;
      begun = false;
    }
    if (!begun && word.front() == ' ') word.erase(0, 1);
    if (!begun) word = BreakWord(std::move(word), columns, indent, &lines);
    if (!begun && !lines.empty()) current = indent;
    absl::StrAppend(&current, begun ? " " : "", word);
    begun = true;
  }
  lines.push_back(current);
  return absl::StrJoin(lines, "\n");
}

bool IsRule(std::string_view line) {
  return line.size() > 2 && line.find_first_not_of(line.front()) == std::string_view::npos;
}

std::string FitLine(std::string_view line, int columns) {
  if (Columns(line) <= columns) return std::string(line);
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  if (Columns(line) <= columns) return std::string(line);
  return IsRule(line) ? Cut(line, columns) : Wrap(line, columns);
}

int ColumnsOfParts(const std::vector<Part>& parts) {
  int columns = 0;
  for (const Part& part : parts) columns += 3 + Columns(part.text);
  return columns;
}

}  // namespace

int Columns(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const Character first = First(text);
    columns += ColumnsOf(first);
    text.remove_prefix(first.bytes);
  }
  return columns;
}

std::string Cut(std::string_view text, int columns) {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Character next = First(text.substr(bytes));
    columns -= ColumnsOf(next);
    if (columns < 0) break;
    bytes += next.bytes;
  }
  return std::string(text.substr(0, bytes));
}

std::string CutLines(std::string_view text, int columns, int rows) {
  std::string cut;
  while (!text.empty() && rows-- > 0) {
    const size_t end = std::min(text.find('\n'), text.size());
    cut += Cut(text.substr(0, end), columns);
    if (end < text.size()) cut += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cut;
}

std::string ToAscii(std::string_view text) {
  std::string ascii;
  while (!text.empty()) {
    const Character first = First(text);
    const std::string_view character = text.substr(0, first.bytes);
    const auto form = AsciiForms().find(character);
    if (first.code < 0x80) {
      ascii += character;
    } else if (form != AsciiForms().end()) {
      ascii += form->second;
    } else {
      ascii.append(static_cast<size_t>(ColumnsOf(first)), '?');
    }
    text.remove_prefix(first.bytes);
  }
  return ascii;
}

std::string Fit(std::string_view text, const Terminal& terminal) {
  std::string shown = PrintableLines(text);
  if (!terminal.is_terminal) return shown;
  if (!terminal.utf8) shown = ToAscii(shown);
  std::vector<std::string> lines;
  for (const std::string& line : Pieces(shown, '\n')) {
    lines.push_back(FitLine(line, terminal.columns));
  }
  return absl::StrJoin(lines, "\n");
}

std::string Flow(const std::vector<std::string>& parts, const std::string& between, int columns) {
  std::string text;
  int column = 0;
  for (const std::string& part : parts) {
    const std::string next = column == 0 ? part : between + part;
    column += Columns(next);
    if (column > columns && !text.empty()) {
      text += "\n ";
      column = 1 + Columns(next);
    }
    text += next;
  }
  return text;
}

std::string ProgressLine(const std::string& before, double fraction, const std::vector<Part>& parts,
                         int columns) {
  std::vector<Part> kept = parts;
  int room = columns - Columns(before) - kFrame - ColumnsOfParts(kept);
  while (room < kNarrowestBar && !kept.empty()) {
    const auto least = std::min_element(
        kept.begin(), kept.end(), [](const Part& a, const Part& b) { return a.need < b.need; });
    room += 3 + Columns(least->text);
    kept.erase(least);
  }
  std::string line = before;
  if (room >= kNarrowestBar) {
    absl::StrAppend(&line, " ", ProgressBar(fraction, std::min(room, kWidestBar)));
  }
  for (const Part& part : kept) absl::StrAppend(&line, " - ", part.text);
  return Cut(line, columns);
}

}  // namespace convoy::terminal
