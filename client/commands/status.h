// convoy status: one job as it is now.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewStatus();

}  // namespace convoy::client
