// convoy watch: follows a job until it ends.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewWatch();

}  // namespace convoy::client
