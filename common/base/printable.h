// Text from outside, made fit for people: names, messages, paths and bytes of files, peers and
// environments may hold anything, also what moves a terminal's cursor or reverses its text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace convoy {

inline constexpr size_t kMaxPrintable = 1000;  // bytes of a message
inline constexpr size_t kMaxQuoted = 64;       // bytes of a name in a message

// Returns `text` as one line of valid UTF-8. Shown as "\x1b" or "\u202e" instead of raw: bytes that
// are no UTF-8, control characters (C0, C1, also tabs and line ends), line and paragraph
// separators, and marks that change the direction of text. Where the result would be longer than
// `max_bytes`, it ends in "..." instead.
std::string Printable(std::string_view text, size_t max_bytes = kMaxPrintable);

// Returns `text`, which may be of several lines, with each line as Printable has it, of any length.
std::string PrintableLines(std::string_view text);

// Returns `text` with a space for every line end and tab: messages of libraries have several lines.
std::string OneLine(std::string_view text);

// Returns Printable(text, kMaxQuoted) between single quotes: how a message names what it was given.
std::string Quoted(std::string_view text);

}  // namespace convoy
