// A model file that somebody named, found.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace convoy::client {

// Returns the file that `named` means: itself, or the model.convoy of a run directory. Returns
// NOT_FOUND if there is none; the error of an unfinished run names its newest checkpoint.
absl::StatusOr<std::string> ModelPath(const std::string& named);

}  // namespace convoy::client
