// convoy download: a model's file.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewDownload();

}  // namespace convoy::client
