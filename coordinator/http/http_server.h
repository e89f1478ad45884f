// The HTTP port for monitoring: /metrics for Prometheus and /healthz.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

// Serves from the moment it is made to its end, in threads of its own. /healthz answers 200 while
// the store can be read, 503 otherwise.
class HttpServer {
 public:
  // `listen` is "HOST:PORT"; port 0 takes a free one. `registry` and `store` must outlive the
  // server. Returns INVALID_ARGUMENT for another form, FAILED_PRECONDITION if the port is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& listen,
                                                           JobRegistry& registry, Store& store);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }

 private:
  struct Running;
  HttpServer(std::unique_ptr<Running> running, int port);

  std::unique_ptr<Running> running_;
  const int port_;
};

}  // namespace convoy::coordinator
