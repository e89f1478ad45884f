// A model file that somebody named, found.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace convoy::client {

// Whether `named` means a file or directory on this computer and no name at a coordinator: it has a
// slash, begins with a dot, ends in ".convoy", or is a directory here that holds a summary.json.
bool IsLocalModel(const std::string& named);

// Returns the file that `named` means: itself, or the model.convoy of a run directory. Returns
// NOT_FOUND if there is none; the error of an unfinished run names its newest checkpoint.
absl::StatusOr<std::string> ModelPath(const std::string& named);

}  // namespace convoy::client
