// A process that this one starts, watches and outlives.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::client {

struct Launch {
  std::vector<std::string> command;      // program, looked for in PATH, and arguments
  std::vector<std::string> environment;  // "NAME=value", all of them
  std::string log;                       // the file that gets all that it writes; "": none
  int death_signal = SIGKILL;            // what it gets when its parent dies
};

// Returns this process's own environment.
std::vector<std::string> OwnEnvironment();

// In a session of its own, so that a terminal's Ctrl-C comes to its parent alone; hears of its
// parent's death, and has no input. Thread-compatible: the thread that starts it makes all calls,
// and must live as long.
class Child {
 public:
  // Starts launch.command. Without a log each line that it writes on standard error is given to
  // `on_line`, in Wait, and standard output is this process's own. Returns NOT_FOUND and the like
  // if the program cannot be started or the log not be written.
  static absl::StatusOr<std::unique_ptr<Child>> Start(
      const Launch& launch, std::function<void(const std::string& line)> on_line);

  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Waits for its end, `time` at most. Returns its exit code, 128 + N for signal N, once it has
  // ended and all that it wrote was given to `on_line`.
  std::optional<int> Wait(std::chrono::milliseconds time);

  void Signal(int number) const;

 private:
  Child(pid_t pid, int errors, std::function<void(const std::string& line)> on_line);

  // Reads what is there. Returns whether more may come.
  bool ReadErrors();

  const pid_t pid_;
  const int errors_;  // reading end of its standard error; -1 with a log
  const int end_;     // readable once it has ended; -1 on kernels without such, where Wait polls
  const std::function<void(const std::string& line)> on_line_;
  std::string unfinished_line_;
  bool ended_ = false;
};

}  // namespace convoy::client
