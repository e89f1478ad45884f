// What `convoy run` was asked for.
#pragma once

#include <string>
#include <vector>

namespace convoy::client {

struct SupervisedRun {
  int ranks = 1;
  int max_restarts = 100;
  std::string trainer;             // path of the program
  std::string run_dir;             // may be there already, if a supervisor made it
  bool resume = false;             // or if the caller says so
  std::vector<std::string> flags;  // of the trainer, which is to resume in run_dir
};

}  // namespace convoy::client
