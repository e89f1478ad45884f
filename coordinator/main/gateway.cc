#include "coordinator/main/gateway.h"

#include <utility>

#include "common/base/status.h"
#include "coordinator/connect/connect_handler.h"
#include "coordinator/monitoring/monitoring_handler.h"

namespace convoy::coordinator {
namespace {

// For answers that are complete but not sent yet.
constexpr absl::Duration kSendTime = absl::Milliseconds(500);

}  // namespace

Gateway::Gateway(const std::shared_ptr<grpc::Channel>& services)
    : caller_(std::make_unique<bridge::GrpcCaller>(services)) {}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(
    http::ServerOptions options, uint64_t max_message_bytes,
    const std::shared_ptr<grpc::Channel>& services, JobRegistry& registry, Store& store) {
  std::unique_ptr<Gateway> gateway(new Gateway(services));
  http::Router router;
  connect::AddRoutes(*gateway->caller_, max_message_bytes, router);
  monitoring::AddRoutes(registry, store, router);
  CONVOY_ASSIGN_OR_RETURN(gateway->server_,
                          http::Server::Start(std::move(options), std::move(router)));
  return gateway;
}

// Handlers use the caller, and its calls answer through the server's threads: first no more
// handlers, then no more calls, then no more threads.
Gateway::~Gateway() {
  if (server_ != nullptr) server_->Stop(kSendTime);
  caller_.reset();
}

}  // namespace convoy::coordinator
