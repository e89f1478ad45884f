// /healthz: whether the coordinator would answer somebody now.
#pragma once

#include <memory>
#include <string>

#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/monitoring/shared_answer.h"

namespace convoy::monitoring {

// Asks as a client would: the health service over gRPC's own port, and the list of jobs, for which
// registry and store must work. Each has two seconds. Thread-safe.
class HealthCheck {
 public:
  // `port` leads to the gRPC port by the network; null: it cannot be asked, as with mutual TLS.
  // Both must outlive this object, with their calls.
  HealthCheck(bridge::GrpcCaller& services, bridge::GrpcCaller* port);

  // Answers 200 "ok", or 503 with what does not work.
  void Ask(std::shared_ptr<http::Reply> reply) { answer_.Ask(std::move(reply)); }

 private:
  void Begin();
  void AskJobs();
  void Finish(const grpc::Status& status, const std::string& what);

  bridge::GrpcCaller& services_;
  bridge::GrpcCaller* const port_;
  SharedAnswer answer_;
};

}  // namespace convoy::monitoring
