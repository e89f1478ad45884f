// convoy confusion: what a model takes for what.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewConfusion();

}  // namespace convoy::client
