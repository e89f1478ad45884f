// Errors in the user's language.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace convoy::i18n {

// Returns the error's message in the user's language where it was made by TextError, as it is
// otherwise. What Annotate put before it names files and fields, and stays.
std::string InUsersLanguage(const absl::Status& status);

}  // namespace convoy::i18n
