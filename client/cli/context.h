// What every command is given: the shared options as they are in force, and where to write.
#pragma once

#include <cstdio>
#include <string>

#include "common/base/status.h"
#include "common/rpc/client_channel.h"

namespace convoy::client {

inline constexpr char kDefaultCoordinator[] = "127.0.0.1:50051";

struct Context {
  rpc::ClientOptions connection = {.address = kDefaultCoordinator};
  // Whether somebody named the coordinator: a flag, the environment or the configuration file.
  bool coordinator_named = false;
  std::string model;              // --model; empty: not given
  bool json = false;              // print JSON instead of text
  bool verbose = false;           // errors also give the words of libraries
  ExitCode* exit_code = nullptr;  // what the program ends with where the command succeeds
  std::FILE* out = stdout;        // results; not owned
  std::FILE* err = stderr;        // notes that are no result; not owned
};

}  // namespace convoy::client
