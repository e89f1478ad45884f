// What people set once for all programs that speak to a coordinator: the environment and a file.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace convoy::cli {

// A --coordinator or $CONVOY_COORDINATOR that means: none.
inline constexpr char kNoCoordinator[] = "none";

// Returns the file that is read where none is named: $XDG_CONFIG_HOME/convoy/config, or
// ~/.config/convoy/config; "" where neither variable is set. Not thread-safe: reads the
// environment.
std::string UserConfigFile();

// Returns $CONVOY_COORDINATOR, "" where it is not set. Not thread-safe.
std::string CoordinatorOfEnvironment();

// How to reach the coordinator that is always meant.
struct UserConfig {
  std::string coordinator;  // the environment before the file; "": none is named
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string token_file;
};

// Reads both. Options of convoy that say nothing of the coordinator are passed over. Returns
// INVALID_ARGUMENT, naming the file and the key, for what no program knows. Not thread-safe.
absl::StatusOr<UserConfig> ReadUserConfig();

}  // namespace convoy::cli
