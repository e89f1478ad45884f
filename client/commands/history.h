// convoy history: the metrics of each epoch of a job.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewHistory();

}  // namespace convoy::client
