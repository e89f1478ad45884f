// An HTTP/1.1 server that is bounded in everything: threads, connections, time, memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/http/router.h"

namespace convoy::http {

struct ServerOptions {
  std::string listen;  // "HOST:PORT", "[V6]:PORT"; port 0 takes a free one
  // PEM; TLS where a certificate is given, mutual TLS where a client CA is, too.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  // Names by which clients may call this server, beside addresses and localhost.
  std::vector<std::string> names;

  int threads = 2;
  int max_connections = 1024;
  int max_connections_per_address = 512;
  uint64_t max_body_bytes_in_memory = 256 << 20;  // of all requests that are being read or answered
  uint32_t max_header_bytes = 8 << 10;
  // A connection that takes longer is closed.
  std::chrono::milliseconds header_time{2'000};  // from the first byte; also the TLS handshake
  std::chrono::milliseconds idle_time{30'000};   // before the first byte of a request
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds write_time{10'000};  // until a reader has taken one piece
};

// Serves from the moment it is made until Stop. Thread-compatible.
class Server {
 public:
  // Returns INVALID_ARGUMENT for another form of `listen` or TLS files that cannot be used,
  // FAILED_PRECONDITION if the port is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Router router);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  int connections() const;

  // Takes no more connections or requests, lets answers under way be sent for `grace`, then closes
  // all. No handler runs after it has returned, but Replies that are kept may be used until the
  // server's end. May be called again.
  void Stop(absl::Duration grace);

 private:
  struct Running;
  Server(std::unique_ptr<Running> running, int port);

  std::unique_ptr<Running> running_;
  const int port_;
};

}  // namespace convoy::http
