// Text made to fit a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/terminal/terminal.h"

namespace convoy::terminal {

// Returns how many columns of a terminal the UTF-8 `text` takes: wide characters count two,
// combining ones none.
int Columns(std::string_view text);

// Returns as much from the beginning of `text`, one line, as `columns` hold.
std::string Cut(std::string_view text, int columns);

// Returns the first `rows` lines of `text`, each cut to `columns`.
std::string CutLines(std::string_view text, int columns, int rows);

// Returns `text` with the characters of its blocks, bars and French letters replaced by ones of
// ASCII, others by '?': for terminals without UTF-8. Some take more columns than before.
std::string ToAscii(std::string_view text);

// Returns `text`, lines of prose and tables, for the terminal; for files and pipes as it is, but
// for what PrintableLines shows otherwise: all text for people comes through here. A line that is
// too long goes on in the next, further in, broken between words; runs of spaces within it (columns
// of a table) shrink. Rules of one repeated character are cut.
std::string Fit(std::string_view text, const Terminal& terminal);

// Returns the parts one after another, `between` them, in as many lines of `columns` as they need;
// broken before `between`, never within a part.
std::string Flow(const std::vector<std::string>& parts, const std::string& between, int columns);

// A part of a line that is drawn again and again.
struct Part {
  std::string text;
  int need;  // where there is no room for all, those with the lowest go first
};

// Returns the line "before [====>...] - part - part" of at most `columns`. The bar has 30
// characters or what room there is; then parts go, then the bar, and then the line is cut.
std::string ProgressLine(const std::string& before, double fraction, const std::vector<Part>& parts,
                         int columns);

}  // namespace convoy::terminal
