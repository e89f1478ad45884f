#include "common/base/utf8.h"

namespace convoy {
namespace {

uint32_t ByteAt(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

bool IsBetween(uint32_t code, uint32_t first, uint32_t last) {
  return code >= first && code <= last;
}

template <typename Predicate>
std::string ReplaceWhere(std::string_view text, Predicate is_bad) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = FirstUtf8(text);
    result += is_bad(character.code) ? "\uFFFD" : text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace

Utf8Character FirstUtf8(std::string_view text) {
  const uint32_t lead = ByteAt(text, 0);
  if (lead < 0x80) return {1, lead};
  if (!IsBetween(lead, 0xc2, 0xf4)) return {1, kNoUtf8};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  // The second byte leaves out longer forms, surrogates and what is beyond U+10FFFF (the Unicode
  // Standard, table 3-7).
  uint32_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint32_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  uint32_t code = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (i == text.size() || !IsBetween(ByteAt(text, i), least, most)) return {i, kNoUtf8};
    code = code << 6 | (ByteAt(text, i) & 0x3fu);
    least = 0x80;
    most = 0xbf;
  }
  return {bytes, code};
}

bool IsInvisible(uint32_t code) {
  return code < 0x20 || IsBetween(code, 0x7f, 0x9f)            // C0, DEL, C1
         || code == 0x061c || IsBetween(code, 0x200b, 0x200f)  // widthless, marks of direction
         || IsBetween(code, 0x2028, 0x202e)  // separators, embeddings and overrides
         || IsBetween(code, 0x2060, 0x206f)  // isolates, invisible operators
         || code == 0xfeff || IsBetween(code, 0xfff9, 0xfffb);
}

std::string ValidUtf8(std::string_view text) {
  return ReplaceWhere(text, [](uint32_t code) { return code == kNoUtf8; });
}

std::string VisibleUtf8(std::string_view text) {
  return ReplaceWhere(text, [](uint32_t code) { return code == kNoUtf8 || IsInvisible(code); });
}

}  // namespace convoy
