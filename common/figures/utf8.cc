#include "common/figures/utf8.h"

#include <cstdint>

namespace convoy::figures {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

uint32_t ByteAt(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

// Returns how many bytes the character at the beginning of `text` takes; 0 if it is none that can
// be shown.
size_t CharacterLength(std::string_view text) {
  const uint32_t lead = ByteAt(text, 0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((ByteAt(text, i) & 0xc0u) != 0x80) return 0;
    code = code << 6 | (ByteAt(text, i) & 0x3fu);
  }
  static constexpr uint32_t kSmallest[] = {0, 0, 0xa0, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code >= kSmallest[length] && code <= 0x10ffff && !surrogate ? length : 0;
}

}  // namespace

std::string PrintableUtf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    result += length > 0 ? text.substr(0, length) : std::string_view(kReplacement);
    text.remove_prefix(length > 0 ? length : 1);
  }
  return result;
}

}  // namespace convoy::figures
