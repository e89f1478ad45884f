#include "coordinator/monitoring/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "common/api/job_description.h"
#include "common/api/job_progress.h"
#include "common/base/version.h"

namespace convoy::coordinator {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Collects families by name; those without a metric are left out.
class Families {
 public:
  void Add(const std::string& name, const std::string& help, prometheus::MetricType type,
           double value, const Labels& labels) {
    prometheus::MetricFamily& family = families_[name];
    family.name = name;
    family.help = help;
    family.type = type;
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [key, text] : labels) metric.label.push_back({key, text});
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
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
    families->Add("convoy_rank_phase_seconds_total",
                  "Time of each rank by phase, up to the end of the last epoch.",
                  prometheus::MetricType::Counter, seconds.*phase.seconds, labels);
  }
}

void AddJob(const v1::Job& job, Families* families) {
  const Labels labels = {{"job", job.name().substr(job.name().find('/') + 1)}};
  const auto gauge = [&](const char* name, const char* help, double value) {
    families->Add(name, help, prometheus::MetricType::Gauge, value, labels);
  };
  gauge("convoy_job_step", "Steps done.", static_cast<double>(job.step()));
  gauge("convoy_job_steps", "Steps to do in all.", static_cast<double>(job.total_steps()));
  gauge("convoy_job_completed_epochs", "Epochs done.", job.completed_epochs());
  gauge("convoy_job_world_size", "Ranks.", job.world_size());
  gauge("convoy_job_images_per_second", "Training speed.", job.images_per_second());
  for (const v1::Metric& metric : job.metrics()) {
    Labels with_name = labels;
    with_name.emplace_back("metric", metric.name());
    families->Add("convoy_job_metric", "The newest value of each metric: loss, accuracy, ...",
                  prometheus::MetricType::Gauge, metric.value(), with_name);
  }
  for (const v1::Rank& rank : job.ranks()) AddRank(rank, labels, families);
}

}  // namespace

std::string MetricsPage(const std::vector<v1::Job>& running,
                        const std::vector<std::pair<v1::Job::State, int64_t>>& counts) {
  Families families;
  families.Add("convoy_build_info", "What runs here.", prometheus::MetricType::Gauge, 1,
               {{"version", Version()}, {"commit", GitCommit()}});
  for (const auto& [state, count] : counts) {
    families.Add("convoy_jobs", "Jobs in the store, by state.", prometheus::MetricType::Gauge,
                 static_cast<double>(count), {{"state", api::StateName(state)}});
  }
  for (const v1::Job& job : running) AddJob(job, &families);
  return families.Serialize();
}

}  // namespace convoy::coordinator
