// convoy import: a model that Keras saved, as a file of Convoy's.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewImport();

}  // namespace convoy::client
