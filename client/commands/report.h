// convoy report: the story of a finished run, with all its figures.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewReport();

}  // namespace convoy::client
