// From the arguments of the program to its exit code.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "client/cli/command.h"
#include "common/base/status.h"

namespace convoy::client {

// Parses the arguments, the environment and the configuration file, and runs the command of `table`
// that they name. Results go to `out`; an error is one line on `err` that begins "convoy: error: ".
// Returns kOk, kFailed or kUsage.
ExitCode RunCommandLine(const CommandTable& table, int argc, const char* const* argv,
                        std::FILE* out, std::FILE* err);

// The command line of one command with all of its flags, for who lists them (completion).
struct CommandFlags {
  std::string name;
  std::string summary;
  std::vector<std::string> flags;  // with their dashes: "--json"
};

// Returns the flags of all commands, in the table's order.
std::vector<CommandFlags> ListFlags(const CommandTable& table);

}  // namespace convoy::client
