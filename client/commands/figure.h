// convoy figure: one picture of a trained network.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewFigure();

}  // namespace convoy::client
