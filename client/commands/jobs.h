// convoy jobs: all jobs of a coordinator or of a directory.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewJobs();

}  // namespace convoy::client
