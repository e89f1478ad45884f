// One command of convoy, such as `convoy history`, and its line in the table of commands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/context.h"
#include "common/cli/arguments.h"

namespace convoy::client {

using cli::Arguments;

// Lives for one call of the program. To add a command: a pair of files in client/commands, and one
// line in client/commands/commands.cc.
class Command {
 public:
  virtual ~Command() = default;

  // Adds the command's own positionals and flags, bound to members of this object. Shared ones
  // (client/cli/shared_options.h) are there already.
  virtual void AddArguments(Arguments& arguments) = 0;

  // Returns what --help says after the flags, in the user's language: a few sentences and examples,
  // lines of at most 90 characters.
  virtual std::string Details() const = 0;

  // Does the work and writes the result to context.out: text for people or, with context.json, one
  // JSON value. Returns an error with one line that says what to do.
  virtual absl::Status Run(const Context& context) = 0;
};

enum class CommandGroup { kJobs, kModels, kFiles, kShell };

struct CommandEntry {
  std::string name;
  CommandGroup group;
  std::string summary;  // a few words, for the overview; translated there
  std::unique_ptr<Command> (*create)();
};

using CommandTable = std::vector<CommandEntry>;

}  // namespace convoy::client
