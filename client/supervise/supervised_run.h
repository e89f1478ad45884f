// What `convoy run` was asked for.
#pragma once

#include <string>
#include <vector>

#include "client/supervise/hosts.h"

namespace convoy::client {

struct SupervisedRun {
  int ranks = 0;            // 0: one, or one a host
  std::vector<Host> hosts;  // none: this machine
  std::string networks;     // between the hosts, "192.168.1.0/24,..."; "": to be found
  bool check_only = false;  // look at the hosts, start nothing
  int max_restarts = 100;
  std::string trainer;             // path of the program
  std::string run_dir;             // may be there already, if a supervisor made it
  bool resume = false;             // or if the caller says so
  std::vector<std::string> flags;  // of the trainer, which is to resume in run_dir
  std::string report_only;         // and the one with which it only tells the coordinator
};

}  // namespace convoy::client
