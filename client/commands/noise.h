// convoy noise: how much noise a model bears.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewNoise();

}  // namespace convoy::client
