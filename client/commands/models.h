// convoy models: all models of a coordinator or of a directory.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewModels();

}  // namespace convoy::client
