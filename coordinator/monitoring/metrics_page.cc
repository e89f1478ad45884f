// /metrics in Prometheus's text format, made anew for each request from what registry, batcher and
// process say at that moment.
#include "coordinator/monitoring/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/api/job_description.h"
#include "common/api/job_progress.h"
#include "common/base/version.h"

namespace convoy::monitoring {
namespace {

using coordinator::kRequestSeconds;
using coordinator::ModelCounters;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

// Collects families by name; those without a metric are left out.
class Families {
 public:
  prometheus::ClientMetric& Add(const std::string& name, const std::string& help, MetricType type,
                                const Labels& labels) {
    prometheus::MetricFamily& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [key, text] : labels) metric.label.push_back({key, text});
    return metric;
  }

  void Gauge(const std::string& name, const std::string& help, double value,
             const Labels& labels = {}) {
    Add(name, help, MetricType::Gauge, labels).gauge.value = value;
  }

  void Counter(const std::string& name, const std::string& help, double value,
               const Labels& labels = {}) {
    Add(name, help, MetricType::Counter, labels).counter.value = value;
  }

  std::string Serialize() const {
    std::vector<prometheus::MetricFamily> families;
    for (const auto& [name, family] : families_) families.push_back(family);
    return prometheus::TextSerializer().Serialize(families);
  }

 private:
  std::map<std::string, prometheus::MetricFamily> families_;
};

void AddRank(const v1::Rank& rank, const Labels& job_labels, Families* families) {
  const metrics::PhaseSeconds seconds = api::FromProto(rank.phase_seconds());
  for (const metrics::Phase& phase : metrics::kPhases) {
    Labels labels = job_labels;
    labels.emplace_back("rank", absl::StrCat(rank.rank()));
    labels.emplace_back("host", rank.host());
    labels.emplace_back("phase", phase.name);
    families->Counter("convoy_rank_phase_seconds_total",
                      "Time of each rank by phase, up to the end of the last epoch.",
                      seconds.*phase.seconds, labels);
  }
}

void AddJob(const v1::Job& job, Families* families) {
  const Labels labels = {{"run", job.name().substr(job.name().find('/') + 1)}};
  const auto gauge = [&](const char* name, const char* help, double value) {
    families->Gauge(name, help, value, labels);
  };
  gauge("convoy_job_step", "Steps done.", static_cast<double>(job.step()));
  gauge("convoy_job_steps", "Steps to do in all.", static_cast<double>(job.total_steps()));
  gauge("convoy_job_completed_epochs", "Epochs done.", job.completed_epochs());
  gauge("convoy_job_world_size", "Ranks.", job.world_size());
  gauge("convoy_job_images_per_second", "Training speed.", job.images_per_second());
  gauge("convoy_job_start_time_seconds", "When it started, in seconds since 1970.",
        static_cast<double>(job.start_time().seconds()) + job.start_time().nanos() * 1e-9);
  for (const v1::Metric& metric : job.metrics()) {
    Labels with_name = labels;
    with_name.emplace_back("metric", metric.name());
    families->Gauge("convoy_job_metric", "The newest value of each metric: loss, accuracy, ...",
                    metric.value(), with_name);
  }
  for (const v1::Rank& rank : job.ranks()) AddRank(rank, labels, families);
}

// Also the states that no job is in: what is missing cannot be told from what is zero.
void AddJobsByState(const std::vector<std::pair<v1::Job::State, int64_t>>& counts,
                    Families* families) {
  std::map<v1::Job::State, int64_t> by_state;
  for (int i = 0; i < v1::Job::State_descriptor()->value_count(); ++i) {
    const auto state = static_cast<v1::Job::State>(v1::Job::State_descriptor()->value(i)->number());
    if (state != v1::Job::STATE_UNSPECIFIED) by_state[state] = 0;
  }
  for (const auto& [state, count] : counts) by_state[state] = count;
  for (const auto& [state, count] : by_state) {
    families->Gauge("convoy_jobs", "Jobs in the store, by state.", static_cast<double>(count),
                    {{"state", api::StateName(state)}});
  }
}

void AddDurations(const ModelCounters::Values& counters, const Labels& labels, Families* families) {
  prometheus::ClientMetric::Histogram& histogram =
      families
          ->Add("convoy_inference_request_duration_seconds",
                "From a request for predictions to its answer.", MetricType::Histogram, labels)
          .histogram;
  uint64_t count = 0;
  for (size_t i = 0; i < counters.by_seconds.size(); ++i) {
    count += static_cast<uint64_t>(counters.by_seconds[i]);
    const double end =
        i < kRequestSeconds.size() ? kRequestSeconds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({count, end});
  }
  histogram.sample_count = count;
  histogram.sample_sum = absl::ToDoubleSeconds(counters.succeeded.time);
}

void AddModel(const ModelMetrics& model, Families* families) {
  const Labels labels = {{"model", model.id}};
  const auto counter = [&](const char* name, const char* help, double value) {
    families->Counter(name, help, value, labels);
  };
  for (const auto& [result, tally] : {std::pair("success", &model.counters.succeeded),
                                      std::pair("failure", &model.counters.failed)}) {
    families->Counter("convoy_inference_requests_total",
                      "Requests for predictions, by how they ended.",
                      static_cast<double>(tally->count), {{"model", model.id}, {"result", result}});
  }
  counter("convoy_inference_images_total", "Images predicted.",
          static_cast<double>(model.counters.images));
  counter("convoy_inference_batches_total", "Batches in which they were.",
          static_cast<double>(model.counters.batches));
  counter("convoy_inference_queue_seconds_total", "Time that requests waited for their batch.",
          absl::ToDoubleSeconds(model.counters.queued.time));
  AddDurations(model.counters, labels, families);
}

void AddProcess(const ProcessMetrics& process, Families* families) {
  families->Counter("process_cpu_seconds_total", "User and system CPU time.", process.cpu_seconds);
  families->Gauge("process_start_time_seconds", "Start, in seconds since 1970.",
                  process.start_time_seconds);
  families->Gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  families->Gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
  families->Gauge("process_open_fds", "Open file descriptors.", process.open_fds);
  families->Gauge("process_max_fds", "File descriptors that it may open.", process.max_fds);
  families->Gauge("process_threads", "Threads.", process.threads);
}

}  // namespace

std::string MetricsPage(const Metrics& metrics) {
  Families families;
  families.Gauge("convoy_build_info", "What runs here.", 1,
                 {{"version", Version()}, {"commit", GitCommit()}});
  AddJobsByState(metrics.jobs_by_state, &families);
  for (const v1::Job& job : metrics.running) AddJob(job, &families);
  for (const ModelMetrics& model : metrics.models) AddModel(model, &families);
  families.Gauge("convoy_inference_queued_images", "Images that wait for their prediction.",
                 static_cast<double>(metrics.queued_images));
  AddProcess(metrics.process, &families);
  return families.Serialize();
}

}  // namespace convoy::monitoring
