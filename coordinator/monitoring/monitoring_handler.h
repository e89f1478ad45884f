// /metrics for Prometheus and /healthz.
#pragma once

#include "common/base/serial_executor.h"
#include "coordinator/batching/dynamic_batcher.h"
#include "coordinator/batching/model_cache.h"
#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/router.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/monitoring/health.h"
#include "coordinator/monitoring/shared_answer.h"
#include "coordinator/store/store.h"

namespace convoy::monitoring {

// What is measured; all of it must outlive the handler.
struct Sources {
  coordinator::JobRegistry& registry;
  coordinator::Store& store;
  const coordinator::ModelCache& models;
  const coordinator::DynamicBatcher& batcher;
};

// Thread-safe.
class MonitoringHandler {
 public:
  // Those who call must outlive the handler, but their calls must have ended before its end. `port`
  // leads to the gRPC port by the network; null: it cannot be asked, as with mutual TLS.
  MonitoringHandler(const Sources& sources, bridge::GrpcCaller& services, bridge::GrpcCaller* port);

  // The handler must outlive the server.
  void AddRoutes(http::Router& router);

 private:
  http::Response MakeMetrics() const;

  const Sources sources_;
  HealthCheck health_;
  SharedAnswer metrics_;
  SerialExecutor disk_;  // reads the store; last, as its tasks use the above
};

}  // namespace convoy::monitoring
