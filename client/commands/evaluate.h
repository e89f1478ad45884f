// convoy evaluate: how well a model does.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewEvaluate();

}  // namespace convoy::client
