// What was done to a picture, in the user's language.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"

namespace convoy::client {

// `summary` is the English sentence of a PreparationReport, which comes from a coordinator as well
// as from here; what is not known stays as it is.
std::string PreparationText(const std::string& summary);

// Likewise; `translated` has a part's text in the language, $0, $1, ... in place of its numbers.
std::string PreparationText(const std::string& summary,
                            absl::FunctionRef<std::string(const std::string&)> translated);

}  // namespace convoy::client
