// convoy predict: what a model sees in pictures.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewPredict();

}  // namespace convoy::client
