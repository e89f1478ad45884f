// All that the coordinator serves by HTTP, put together.
#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/server.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

class Gateway {
 public:
  // `services` leads to the coordinator's own gRPC server, which is to stop before the gateway so
  // that calls under way can end. `registry` and `store` must outlive the gateway. Requests may be
  // of `max_message_bytes`. Errors as of http::Server::Start.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(
      http::ServerOptions options, uint64_t max_message_bytes,
      const std::shared_ptr<grpc::Channel>& services, JobRegistry& registry, Store& store);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  int port() const { return server_->port(); }

 private:
  explicit Gateway(const std::shared_ptr<grpc::Channel>& services);

  std::unique_ptr<bridge::GrpcCaller> caller_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace convoy::coordinator
