// convoy delete: removes a job from its coordinator.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewDelete();

}  // namespace convoy::client
