// /healthz: whether the coordinator would answer somebody now.
#pragma once

#include <memory>
#include <string>

#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/monitoring/shared_answer.h"

namespace convoy::monitoring {

// Asks as a client would: the health service, over gRPC's own port where it can be called from
// here. It knows of the registry and the store, too. It has two seconds. Thread-safe.
class HealthCheck {
 public:
  // `port` must outlive this object, with its calls.
  explicit HealthCheck(bridge::GrpcCaller& port);

  // Answers 200 "ok", or 503 with what does not work.
  void Ask(std::shared_ptr<http::Reply> reply) { answer_.Ask(std::move(reply)); }

 private:
  void Begin();

  bridge::GrpcCaller& port_;
  SharedAnswer answer_;
};

}  // namespace convoy::monitoring
