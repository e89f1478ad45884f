#include "coordinator/main/gateway.h"

#include <memory>
#include <utility>

#include "common/base/status.h"
#include "coordinator/connect/connect_handler.h"
#include "coordinator/rest/open_inference.h"
#include "coordinator/rest/tensorflow_serving.h"

namespace convoy::coordinator {
namespace {

// For answers that are complete but not sent yet.
constexpr absl::Duration kSendTime = absl::Milliseconds(500);

}  // namespace

Gateway::Gateway(const std::shared_ptr<grpc::Channel>& services,
                 const std::shared_ptr<grpc::Channel>& port, const monitoring::Sources& sources)
    : services_(std::make_unique<bridge::GrpcCaller>(services)),
      port_(port == nullptr ? nullptr : std::make_unique<bridge::GrpcCaller>(port)),
      monitoring_(
          std::make_unique<monitoring::MonitoringHandler>(sources, *services_, port_.get())) {}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(
    GatewayOptions options, const std::shared_ptr<grpc::Channel>& services,
    const std::shared_ptr<grpc::Channel>& port, const monitoring::Sources& sources) {
  std::unique_ptr<Gateway> gateway(new Gateway(services, port, sources));
  http::Router router;
  connect::AddRoutes(*gateway->services_, options.max_message_bytes, router);
  rest::AddOpenInference(*gateway->services_, options.max_message_bytes, router);
  rest::AddTensorflowServing(*gateway->services_, options.max_message_bytes, router);
  gateway->monitoring_->AddRoutes(router);
  router.Add({.path = "/grpc-port",
              .handler = [port = options.grpc_port](const http::Request&,
                                                    const std::shared_ptr<http::Reply>& reply) {
                reply->Send({.body = port});
              }});
  http::AddStaticFiles(options.files, router);
  CONVOY_ASSIGN_OR_RETURN(gateway->server_,
                          http::Server::Start(std::move(options.http), std::move(router)));
  return gateway;
}

// Handlers make calls, and calls answer on the server's threads: first no more handlers, then no
// more calls, then no more threads.
Gateway::~Gateway() {
  if (server_ != nullptr) server_->Stop(kSendTime);
  port_.reset();
  services_.reset();
  monitoring_.reset();
}

}  // namespace convoy::coordinator
