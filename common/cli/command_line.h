// From the arguments of a program to what it shall do: the one front end of trainer, coordinator
// and convoy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cli/arguments.h"

namespace convoy::cli {

// Not thread-safe. Nothing is bound or read before Parse.
class CommandLine {
 public:
  // `program` as people type it. --help begins with `description` and ends with `footer`, which
  // are in the user's language, as summaries and footers of commands are. --version names the
  // program, its version and its commit.
  CommandLine(const std::string& program, const std::string& description,
              const std::string& footer);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // The arguments of the program itself.
  Arguments& arguments();

  // Adds a command, such as `convoy history`; `summary` is a few words. Returns its arguments,
  // which stay as long as this object.
  Arguments& AddCommand(const std::string& name, const std::string& summary,
                        const std::string& footer);

  // Options may also stand in a file, `name = value` a line. Without --config FILE it is `path`,
  // which need not exist.
  void ReadsFile(const std::string& path);

  struct Asked {
    std::string command;  // "" for none
    std::string text;     // of --help or --version: to be printed, and that is all; else ""
    bool help = false;    // whether `text` is that of --help
  };
  // Returns INVALID_ARGUMENT with one line that names the flag, the word with the nearest known
  // one, or the file and its key; NOT_FOUND for a --config that is not there.
  absl::StatusOr<Asked> Parse(int argc, const char* const* argv);

  // Whether the program's own option was given as an argument, not by the file. After Parse.
  bool Typed(const std::string& flag) const;

  // Returns the flags of the program, or of its command, with their dashes.
  std::vector<std::string> Flags(const std::string& command = "") const;

 private:
  struct Parser;  // CLI11's
  std::unique_ptr<Parser> parser_;
};

}  // namespace convoy::cli
