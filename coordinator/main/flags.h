// The coordinator's command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::coordinator {

struct Flags {
  std::string listen = "127.0.0.1:50051";
  std::string http = "127.0.0.1:8080";  // empty: none
  std::vector<std::string> http_names;
  bool http_plain = false;  // without TLS beyond loopback, too
  std::string store;
  std::string data;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string token_file;
  int max_message_mb = 16;
  int max_model_mb = 256;
  int max_versions_mb = 1024;
  int max_streams = 256;
  int max_connections = 1024;
  int max_watches = 100;
  int threads = 0;  // that compute; 0: as many as there are cores to use
  int batch_delay_ms = 0;
  int max_images = 1024;
  int max_queued_images = 4096;
  std::optional<std::string> print_and_exit;  // the text of --help or --version
};

// Returns INVALID_ARGUMENT, naming the flag, for one that is unknown, with the nearest known one,
// that makes no sense, or that is missing beside another: anybody could change jobs on a
// coordinator that listens beyond loopback with neither a token nor mutual TLS.
absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv);

}  // namespace convoy::coordinator
