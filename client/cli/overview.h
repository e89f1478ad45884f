// What `convoy --help` says.
#pragma once

#include <string>

#include "client/cli/command.h"

namespace convoy::client {

// Returns the overview: what convoy is, first steps, all commands by group, the shared options.
std::string Overview(const CommandTable& table);

}  // namespace convoy::client
