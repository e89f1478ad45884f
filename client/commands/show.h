// convoy show: what a model file holds.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewShow();

}  // namespace convoy::client
