// A line that people read in their language, and records keep in English: what a program says on a
// terminal and in its log at once.
//
//   chronicle.Note(MakeMessage("$0 is back", host))
#pragma once

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"

namespace convoy {
namespace i18n {

// Not made printable: whoever writes it does that.
struct Message {
  std::string english;
  std::string shown;  // in the user's language

  bool empty() const { return english.empty(); }
};

// What has no words of ours, or Keras's, which are the same in every language.
inline Message AsItIs(std::string text) { return {.english = text, .shown = text}; }

inline Message MessageOf(const absl::Status& status) {
  return {.english = std::string(status.message()), .shown = InUsersLanguage(status)};
}

// A value as it goes into either text: a message is the one of that language.
template <typename Value>
std::string Part(const Value& value, std::string Message::*language) {
  if constexpr (std::is_same_v<Value, Message>) {
    return value.*language;
  } else {
    return absl::StrCat(value);
  }
}

// Marks a text with `values` in the places of its $0 to $9; among them may be messages.
template <typename... Values>
Message MakeMessage(const char* text, const Values&... values) {
  return {.english = absl::Substitute(text, Part(values, &Message::english)...),
          .shown = absl::Substitute(Translated(text), Part(values, &Message::shown)...)};
}

}  // namespace i18n
}  // namespace convoy
