// What `convoy show` says of a network or a recipe before it is trained.
#pragma once

#include "absl/status/status.h"
#include "client/cli/context.h"
#include "client/commands/description.h"

namespace convoy::client {

// Prints the network's table, what it costs, where it can be exported to and what a recipe sets.
// Returns INVALID_ARGUMENT, naming the layer, for a network that cannot be.
absl::Status ShowDescription(const Description& description, const Context& context);

}  // namespace convoy::client
