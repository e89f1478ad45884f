#include "common/base/printable.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace convoy {
namespace {

struct Character {
  size_t bytes;   // at the beginning of the text that it was read from; 1 for what is no UTF-8
  uint32_t code;  // of Unicode; kNone for what is no UTF-8
};

constexpr uint32_t kNone = ~0u;

uint32_t ByteAt(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

// REQUIRES: `text` is not empty. The forms that are refused are those of RFC 3629, section 3:
// longer than needed, surrogates, beyond U+10FFFF.
Character FirstCharacter(std::string_view text) {
  const uint32_t lead = ByteAt(text, 0);
  if (lead < 0x80) return {1, lead};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {1, kNone};
  uint32_t code = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((ByteAt(text, i) & 0xc0u) != 0x80) return {1, kNone};
    code = code << 6 | (ByteAt(text, i) & 0x3fu);
  }
  static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kSmallest[bytes] || code > 0x10ffff || surrogate) return {1, kNone};
  return {bytes, code};
}

bool IsBetween(uint32_t code, uint32_t first, uint32_t last) {
  return code >= first && code <= last;
}

// Whether a terminal would do something else than show the character.
bool Acts(uint32_t code) {
  return code < 0x20 || IsBetween(code, 0x7f, 0x9f)            // C0, DEL, C1
         || code == 0x061c || IsBetween(code, 0x200b, 0x200f)  // widthless, marks of direction
         || IsBetween(code, 0x2028, 0x202e)  // separators, embeddings and overrides
         || IsBetween(code, 0x2060, 0x206f)  // isolates, invisible operators
         || code == 0xfeff || IsBetween(code, 0xfff9, 0xfffb);
}

std::string Shown(std::string_view text, const Character& character) {
  if (character.code == kNone) return absl::StrFormat("\\x%02x", ByteAt(text, 0));
  if (!Acts(character.code)) return std::string(text.substr(0, character.bytes));
  return absl::StrFormat(character.code < 0x100 ? "\\x%02x" : "\\u%04x", character.code);
}

}  // namespace

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string shown;
  size_t whole = 0;  // bytes of `shown` that leave room for "..."
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    absl::StrAppend(&shown, Shown(text, character));
    if (shown.size() > max_bytes) return shown.substr(0, whole) + "...";
    if (shown.size() + 3 <= max_bytes) whole = shown.size();
    text.remove_prefix(character.bytes);
  }
  return shown;
}

std::string Quoted(std::string_view text) {
  return absl::StrCat("'", Printable(text, kMaxQuoted), "'");
}

}  // namespace convoy
