// convoy cancel: stops a job with a checkpoint.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewCancel();

}  // namespace convoy::client
