#include "coordinator/monitoring/monitoring_handler.h"

#include <memory>
#include <string>
#include <utility>

#include "coordinator/monitoring/metrics_page.h"

namespace convoy::monitoring {
namespace {

constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

using ReplyPointer = std::shared_ptr<http::Reply>;

}  // namespace

MonitoringHandler::MonitoringHandler(const Sources& sources, bridge::GrpcCaller& services,
                                     bridge::GrpcCaller* port)
    : sources_(sources), health_(port == nullptr ? services : *port), metrics_([this] {
        disk_.Post([this] {
          metrics_.Give(MakeMetrics());
          return absl::OkStatus();
        });
      }) {}

void MonitoringHandler::AddRoutes(http::Router& router) {
  router.Add({.path = "/metrics", .handler = [this](const http::Request&, ReplyPointer reply) {
                metrics_.Ask(std::move(reply));
              }});
  router.Add({.path = "/healthz", .handler = [this](const http::Request&, ReplyPointer reply) {
                health_.Ask(std::move(reply));
              }});
}

http::Response MonitoringHandler::MakeMetrics() const {
  auto counts = sources_.store.CountJobs();
  if (!counts.ok()) {
    return {.status = 503, .body = std::string(counts.status().message()) + "\n"};
  }
  Metrics metrics{.running = sources_.registry.RunningJobs(),
                  .jobs_by_state = *std::move(counts),
                  .models = {},
                  .queued_images = sources_.batcher.queued_images(),
                  .process = ReadProcessMetrics()};
  for (const auto& served : sources_.models.Loaded()) {
    metrics.models.push_back({.id = served->id, .counters = served->counters->values()});
  }
  return {.content_type = kPrometheusText, .body = MetricsPage(metrics)};
}

}  // namespace convoy::monitoring
