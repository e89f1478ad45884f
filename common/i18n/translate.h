// What programs say, in the user's language. po/ has the catalogues, which are compiled into the
// programs: no locale has to be installed.
//
// A text is looked up by its English, which stands in the source. xgettext finds it there as the
// argument of one of these functions, so it is a literal. Values come in as absl::Substitute's $0
// to $9, so that a translation may put them in another order; no sentence is glued from pieces.
//
//   Tr("Wrote $0.", path)
//   TrPlural("$0 image", "$0 images", count, Thousands(count))
//
// Only what people read on a terminal is translated: never JSON, files, records or what travels to
// other programs. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/substitute.h"
#include "common/base/printable.h"

namespace convoy {
namespace i18n {

// Return the text in the user's language, itself where that is English or has no such text. In a
// locale without UTF-8 the translation is ASCII.
std::string Translated(std::string_view text);
std::string Translated(std::string_view one, std::string_view many, int64_t n);

// From here on all texts are English: for a program that was asked for what other programs read.
void SpeakEnglish();

// A value as it goes into a text. A string is one line, shown as Printable has it: names and paths
// may hold anything, and must neither forge lines nor move a cursor.
template <typename Value>
auto Shown(const Value& value) {
  if constexpr (std::is_constructible_v<std::string, const Value&>) {
    return Printable(std::string(value), std::string::npos);
  } else {
    return value;
  }
}

}  // namespace i18n

// Marks a text that is translated where it is used: in constants and tables.
constexpr const char* Marked(const char* text) { return text; }

inline std::string Tr(std::string_view text) { return i18n::Translated(text); }

template <typename... Values>
std::string Tr(std::string_view text, const Values&... values) {
  return absl::Substitute(i18n::Translated(text), i18n::Shown(values)...);
}

// The form for the number `n`, which is itself no value: English `one` for 1, else `many`.
template <typename... Values>
std::string TrPlural(std::string_view one, std::string_view many, int64_t n,
                     const Values&... values) {
  return absl::Substitute(i18n::Translated(one, many, n), i18n::Shown(values)...);
}

// As Thousands, with the language's own separator: 48000 -> "48,000", "48 000".
std::string TrThousands(int64_t number);

}  // namespace convoy
