// The options that every command takes. They may stand before or after the command's name, or in
// the configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/context.h"
#include "common/cli/command_line.h"

namespace convoy::client {

// The options as given in one place; unset where they were not.
struct SharedOptions {
  std::optional<std::string> coordinator;
  std::optional<std::string> tls_ca;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<std::string> token_file;
  std::optional<std::string> model;
  bool json = false;
  bool verbose = false;
};

// Adds the argument MODEL of the commands that work with one, bound to `model`.
void AddModelArgument(Arguments& arguments, std::string* model);

// Adds the options, bound to `options`, which must outlive the parsing.
void AddSharedOptions(Arguments& arguments, SharedOptions* options);

// Sets options.coordinator to $CONVOY_COORDINATOR where it is set and none was typed: the
// environment goes before the configuration file. REQUIRES: `line` has been parsed into `options`.
// Not thread-safe: reads the environment.
void ApplyEnvironment(const cli::CommandLine& line, SharedOptions* options);

// Writes what is in force to `context`: what `near` gives (the arguments after the command's name),
// else `general` (before it, the environment, the configuration file), else the default.
void ApplySharedOptions(const SharedOptions& near, const SharedOptions& general, Context* context);

// Adds the flags that give a trainer this connection, but for those that `flags` has.
void AddConnectionFlags(const rpc::ClientOptions& connection, std::vector<std::string>* flags);

}  // namespace convoy::client
