// A process that this one starts, watches and outlives.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/supervise/launch.h"

namespace convoy::client {

// In a session of its own, so that a terminal's Ctrl-C comes to its parent alone; dies when its
// parent does, and has no input. Thread-compatible: the thread that starts it makes all calls, and
// must live as long.
class Child {
 public:
  // Starts launch.command. Each line that it writes on standard error is given to `on_line`, in
  // Wait; standard output is this process's own. Returns NOT_FOUND and the like if the program
  // cannot be started.
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
  const int errors_;  // reading end of its standard error
  const std::function<void(const std::string& line)> on_line_;
  std::string unfinished_line_;
  bool ended_ = false;
};

}  // namespace convoy::client
