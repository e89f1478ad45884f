#include "coordinator/jobs/progress.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "common/api/job_description.h"
#include "common/api/job_progress.h"

namespace convoy::coordinator {
namespace {

constexpr double kLeastLostSeconds = 0.5;

// Not a number, nor negative: no seconds that were measured are.
double Seconds(double value) { return value > 0 ? value : 0; }

double WorkSeconds(const v1::Rank& rank) {
  const metrics::PhaseSeconds seconds = api::FromProto(rank.epoch_phase_seconds());
  double sum = 0;
  for (size_t i = 0; i < metrics::kWorkPhases; ++i)
    sum += Seconds(seconds.*metrics::kPhases[i].seconds);
  return sum;
}

double LowerMedian(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The phase in which `rank` is furthest above the median of all ranks.
std::string SlowPhase(const std::vector<v1::Rank>& ranks, const v1::Rank& rank) {
  const metrics::PhaseSeconds mine = api::FromProto(rank.epoch_phase_seconds());
  std::string slowest;
  double most = 0;
  for (size_t i = 0; i < metrics::kWorkPhases; ++i) {
    const metrics::Phase& phase = metrics::kPhases[i];
    std::vector<double> all;
    for (const v1::Rank& other : ranks) {
      all.push_back(Seconds(api::FromProto(other.epoch_phase_seconds()).*phase.seconds));
    }
    const double lost = Seconds(mine.*phase.seconds) - LowerMedian(std::move(all));
    if (lost > most) {
      most = lost;
      slowest = phase.name;
    }
  }
  return slowest;
}

}  // namespace

void ApplyProgress(const worker::v1::Progress& progress, v1::Job* job) {
  if (progress.step() < job->step()) return;
  job->set_activity(progress.activity());
  job->set_epoch(progress.epoch());
  const bool moved = progress.step() > job->step();
  job->set_step(progress.step());
  if (progress.images_per_second() > 0) job->set_images_per_second(progress.images_per_second());
  if (!moved) return;
  api::SetMetric("loss", progress.loss(), job);
  api::SetMetric("accuracy", progress.accuracy(), job);
}

void ApplySamples(const google::protobuf::RepeatedPtrField<v1::MetricSample>& samples,
                  v1::Job* job) {
  std::map<std::string_view, double> newest;
  for (const v1::MetricSample& sample : samples) {
    if (sample.scope() == v1::MetricSample::STEP) continue;
    if (sample.epoch() < job->completed_epochs()) continue;  // an old one that is told again
    for (const v1::Metric& metric : sample.metrics()) newest[metric.name()] = metric.value();
    if (sample.scope() != v1::MetricSample::EPOCH) continue;
    job->set_completed_epochs(sample.epoch());
    job->set_step(std::max(job->step(), sample.step()));
  }
  for (v1::Metric& metric : *job->mutable_metrics()) {
    const auto found = newest.find(metric.name());
    if (found == newest.end()) continue;
    metric.set_value(found->second);
    newest.erase(found);
  }
  for (const auto& [name, value] : newest) {
    v1::Metric* metric = job->add_metrics();
    metric->set_name(std::string(name));
    metric->set_value(value);
  }
}

std::vector<Straggler> FindStragglers(const std::vector<v1::Rank>& ranks, double threshold) {
  std::vector<Straggler> found;
  if (ranks.size() < 2) return found;
  std::vector<double> work;
  for (const v1::Rank& rank : ranks) work.push_back(WorkSeconds(rank));
  const double median = LowerMedian(work);
  if (median <= 0) return found;
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (work[i] <= threshold * median || work[i] - median < kLeastLostSeconds) continue;
    found.push_back({.rank = ranks[i].rank(),
                     .phase = SlowPhase(ranks, ranks[i]),
                     .slowdown = work[i] / median});
  }
  return found;
}

}  // namespace convoy::coordinator
