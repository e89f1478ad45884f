// Runs trainers side by side, so many at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace convoy::client {

struct Training {
  std::vector<std::string> command;      // program and arguments
  std::vector<std::string> environment;  // "NAME=value", all of them
  std::string log;                       // file that gets what it writes
};

// Starts all trainings in their order, `at_once` at a time, and waits for them. Calls `on_end` with
// the number and the exit code (128 + N for signal N) of each as it ends; if `on_end` returns an
// error, no more are started, those that run are asked to stop, and it is returned. Whoever asks
// this process to stop (HearWishes) asks them, too: ABORTED. Trainings are asked to stop when this
// process dies. To be called by one thread; whoever asked once has asked for all later calls, too.
absl::Status RunTrainings(const std::vector<Training>& trainings, int at_once,
                          const std::function<absl::Status(size_t number, int code)>& on_end);

}  // namespace convoy::client
