#include "coordinator/monitoring/monitoring_handler.h"

#include <memory>
#include <string>

#include "coordinator/monitoring/metrics_page.h"

namespace convoy::monitoring {
namespace {

constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

http::Response Unavailable(const absl::Status& status) {
  return {.status = 503, .body = std::string(status.message()) + "\n"};
}

http::Response Metrics(coordinator::JobRegistry& registry, coordinator::Store& store) {
  const auto counts = store.CountJobs();
  if (!counts.ok()) return Unavailable(counts.status());
  return {.content_type = kPrometheusText,
          .body = coordinator::MetricsPage(registry.RunningJobs(), *counts)};
}

http::Response Health(coordinator::Store& store) {
  const absl::Status readable = store.CountJobs().status();
  return readable.ok() ? http::Response{.body = "ok\n"} : Unavailable(readable);
}

}  // namespace

void AddRoutes(coordinator::JobRegistry& registry, coordinator::Store& store,
               http::Router& router) {
  router.Add({.path = "/metrics",
              .handler = [&](const http::Request&, const std::shared_ptr<http::Reply>& reply) {
                reply->Send(Metrics(registry, store));
              }});
  router.Add({.path = "/healthz",
              .handler = [&](const http::Request&, const std::shared_ptr<http::Reply>& reply) {
                reply->Send(Health(store));
              }});
}

}  // namespace convoy::monitoring
