// convoy completion: scripts that teach a shell convoy's commands and flags.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/command_line.h"

namespace convoy::client {

std::unique_ptr<Command> NewCompletion();

// Returns the script for "bash", "zsh" or "fish", "" for any other.
std::string CompletionScript(const std::string& shell, const std::vector<CommandFlags>& commands);

}  // namespace convoy::client
