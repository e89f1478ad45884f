// Errors that a person may read in another language.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace convoy {

// An error's message in its parts.
struct ErrorText {
  std::string context;              // what Annotate put before it, with ": "; "" for nothing
  std::string text;                 // in English, with $0 to $9 for the values (absl::Substitute)
  std::vector<std::string> values;  // ten at most

  // The whole message in English.
  std::string English() const;
};

// Returns an error with the message text.English(), which keeps its parts: for
// i18n::InUsersLanguage. They get lost where an error goes to another process.
absl::Status MakeTextError(absl::StatusCode code, const ErrorText& text);

// The usual way to make one. `text` is a literal, so that xgettext finds it.
template <typename... Values>
absl::Status TextError(absl::StatusCode code, const char* text, const Values&... values) {
  return MakeTextError(code, {.context = "", .text = text, .values = {absl::StrCat(values)...}});
}

// Likewise, for the most frequent code.
template <typename... Values>
absl::Status InvalidArgumentTextError(const char* text, const Values&... values) {
  return TextError(absl::StatusCode::kInvalidArgument, text, values...);
}

// An error's message with its parts as bytes, and back again: for a process that answers another of
// the same program.
std::string ErrorToBytes(const absl::Status& status);
absl::Status ErrorFromBytes(absl::StatusCode code, const std::string& bytes);

// Returns the parts of an error's message, nothing where it was made otherwise.
std::optional<ErrorText> ErrorTextOf(const absl::Status& status);

}  // namespace convoy
