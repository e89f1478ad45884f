// UTF-8 character by character, and made valid: what comes from outside may hold any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace convoy {

inline constexpr uint32_t kNoUtf8 = ~0u;

struct Utf8Character {
  size_t bytes;   // how many of the text it takes, at least 1
  uint32_t code;  // of Unicode; kNoUtf8 for bytes that are not UTF-8
};

// Returns the character at the beginning of `text`, by RFC 3629: longer forms than needed,
// surrogates and codes beyond U+10FFFF are not UTF-8. Bytes that are not are taken together as far
// as they could have begun a character (the Unicode Standard's "maximal subpart").
// REQUIRES: `text` is not empty.
Utf8Character FirstUtf8(std::string_view text);

// Whether a terminal would do something else than show the character: control characters (C0, C1,
// DEL), line and paragraph separators, invisible characters, and those that change the direction of
// text.
bool IsInvisible(uint32_t code);

// Returns `text` with U+FFFD in place of what is not UTF-8.
std::string ValidUtf8(std::string_view text);

// Returns ValidUtf8(text) with U+FFFD also in place of each invisible character.
std::string VisibleUtf8(std::string_view text);

}  // namespace convoy
