// The table of all commands of convoy.
#pragma once

#include "client/cli/command.h"

namespace convoy::client {

// Lives for ever.
const CommandTable& Commands();

}  // namespace convoy::client
