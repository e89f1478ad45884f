#include "common/base/printable.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/utf8.h"

namespace convoy {
namespace {

std::string Shown(std::string_view bytes, uint32_t code) {
  if (code == kNoUtf8) {
    std::string shown;
    for (const unsigned char byte : bytes) absl::StrAppendFormat(&shown, "\\x%02x", byte);
    return shown;
  }
  if (!IsInvisible(code)) return std::string(bytes);
  return code < 0x100 ? absl::StrFormat("\\x%02x", code) : absl::StrFormat("\\u%04x", code);
}

}  // namespace

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string shown;
  size_t whole = 0;  // bytes of `shown` that leave room for "..."
  while (!text.empty()) {
    const Utf8Character character = FirstUtf8(text);
    absl::StrAppend(&shown, Shown(text.substr(0, character.bytes), character.code));
    if (shown.size() > max_bytes) return shown.substr(0, whole) + "...";
    if (shown.size() + 3 <= max_bytes) whole = shown.size();
    text.remove_prefix(character.bytes);
  }
  return shown;
}

std::string PrintableLines(std::string_view text) {
  std::string shown;
  for (;;) {
    const size_t end = std::min(text.find('\n'), text.size());
    shown += Printable(text.substr(0, end), std::string::npos);
    if (end == text.size()) return shown;
    shown += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return line;
}

std::string Quoted(std::string_view text) {
  return absl::StrCat("'", Printable(text, kMaxQuoted), "'");
}

}  // namespace convoy
