// All that the coordinator serves by HTTP, put together.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/server.h"
#include "coordinator/http/static_files.h"
#include "coordinator/monitoring/monitoring_handler.h"

namespace convoy::coordinator {

struct GatewayOptions {
  http::ServerOptions http;
  uint64_t max_message_bytes = 16 << 20;  // of a request
  std::span<const http::StaticFile> files;
  std::string grpc_port;  // or a socket's path; by /grpc-port the page knows it for its commands
};

class Gateway {
 public:
  // `services` leads to the coordinator's own gRPC server without a network, `port` by the network
  // (null: it cannot be called from here). The server is to stop before the gateway so that calls
  // under way can end. `sources` must outlive the gateway. Errors as of http::Server::Start.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(
      GatewayOptions options, const std::shared_ptr<grpc::Channel>& services,
      const std::shared_ptr<grpc::Channel>& port, const monitoring::Sources& sources);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  int port() const { return server_->port(); }

 private:
  Gateway(const std::shared_ptr<grpc::Channel>& services,
          const std::shared_ptr<grpc::Channel>& port, const monitoring::Sources& sources);

  std::unique_ptr<bridge::GrpcCaller> services_;
  std::unique_ptr<bridge::GrpcCaller> port_;
  std::unique_ptr<monitoring::MonitoringHandler> monitoring_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace convoy::coordinator
