// The MODEL that a command works with: its first argument, or --model.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/arguments.h"
#include "client/cli/context.h"

namespace convoy::client {

// Adds the argument MODEL, bound to `model`.
void AddModelArgument(Arguments& arguments, std::string* model);

// Returns the model that `argument` (empty: not given) or --model names. Returns INVALID_ARGUMENT
// if both do, or neither.
absl::StatusOr<std::string> NamedModel(const std::string& argument, const Context& context);

}  // namespace convoy::client
