// The connections of an HTTP server.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/connection_counts.h"
#include "coordinator/http/limits.h"
#include "coordinator/http/router.h"
#include "coordinator/http/server.h"

namespace convoy::http {

// One connection. Lives as long as its coroutine. Thread-safe.
class Session {
 public:
  virtual ~Session() = default;
  // Closes at once, or only if no request is being read or answered.
  virtual void Close(bool only_if_idle) = 0;
};

// What all connections of a server share.
struct Shared {
  Shared(ServerOptions server_options, Router server_router)
      : options(std::move(server_options)),
        router(std::move(server_router)),
        counts(options.max_connections, options.max_connections_per_address),
        bodies(options.max_body_bytes_in_memory) {}

  // Calls Close of all sessions there are.
  void CloseAll(bool only_if_idle);

  const ServerOptions options;
  const Router router;
  rpc::ConnectionCounts counts;
  ByteBudget bodies;
  std::atomic<bool> stopping{false};
  absl::Mutex mutex;
  std::set<Session*> sessions ABSL_GUARDED_BY(mutex);
};

// Serves `socket`, whose executor must be a strand of its own, until one side closes it or a limit
// is passed. `shared` and `tls` (nullptr: plain) must outlive the sessions.
void StartSession(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
                  Shared& shared);

}  // namespace convoy::http
