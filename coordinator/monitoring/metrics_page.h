// What Prometheus reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "convoy/v1/job.pb.h"
#include "coordinator/batching/model_counters.h"
#include "coordinator/monitoring/process_metrics.h"

namespace convoy::monitoring {

struct ModelMetrics {
  std::string id;
  coordinator::ModelCounters::Values counters;
};

struct Metrics {
  std::vector<v1::Job> running;
  std::vector<std::pair<v1::Job::State, int64_t>> jobs_by_state;
  std::vector<ModelMetrics> models;  // those in memory
  int64_t queued_images = 0;
  ProcessMetrics process;
};

// Returns the page in Prometheus's text format, version 0.0.4. Only running jobs have lines of
// their own, so that their number stays small. A job is labelled `run`, as `job` is the label by
// which Prometheus names what it scrapes.
std::string MetricsPage(const Metrics& metrics);

}  // namespace convoy::monitoring
