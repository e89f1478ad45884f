#include "coordinator/jobs/progress.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"

namespace convoy::coordinator {
namespace {

constexpr double kLeastLostSeconds = 0.5;

using Phase = std::pair<const char*, double>;

std::array<Phase, 5> WorkPhases(const v1::PhaseSeconds& seconds) {
  return {Phase{"data", seconds.data()}, Phase{"forward", seconds.forward()},
          Phase{"backward", seconds.backward()}, Phase{"reduce", seconds.reduce()},
          Phase{"update", seconds.update()}};
}

double WorkSeconds(const v1::Rank& rank) {
  double sum = 0;
  for (const auto& [name, seconds] : WorkPhases(rank.epoch_phase_seconds())) sum += seconds;
  return sum;
}

double LowerMedian(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The phase in which `rank` is furthest above the median of all ranks.
std::string SlowPhase(const std::vector<v1::Rank>& ranks, const v1::Rank& rank) {
  const auto mine = WorkPhases(rank.epoch_phase_seconds());
  std::string slowest;
  double most = 0;
  for (size_t phase = 0; phase < mine.size(); ++phase) {
    std::vector<double> all;
    for (const v1::Rank& other : ranks) {
      all.push_back(WorkPhases(other.epoch_phase_seconds())[phase].second);
    }
    const double lost = mine[phase].second - LowerMedian(std::move(all));
    if (lost > most) {
      most = lost;
      slowest = mine[phase].first;
    }
  }
  return slowest;
}

// Images of the steps that are left over the images of all.
double RemainingImages(const v1::Job& job) {
  const double epochs_left = static_cast<double>(job.total_steps() - job.step()) /
                             static_cast<double>(job.steps_per_epoch());
  return epochs_left * static_cast<double>(job.setup().train_image_count());
}

}  // namespace

bool IsTerminal(v1::Job::State state) {
  return state == v1::Job::SUCCEEDED || state == v1::Job::FAILED || state == v1::Job::STOPPED ||
         state == v1::Job::CANCELLED;
}

std::string StateName(v1::Job::State state) {
  return absl::AsciiStrToLower(v1::Job::State_Name(state));
}

void SetMetric(const std::string& name, double value, v1::Job* job) {
  for (v1::Metric& metric : *job->mutable_metrics()) {
    if (metric.name() != name) continue;
    metric.set_value(value);
    return;
  }
  v1::Metric* metric = job->add_metrics();
  metric->set_name(name);
  metric->set_value(value);
}

void ApplyProgress(const worker::v1::Progress& progress, v1::Job* job) {
  if (progress.step() < job->step()) return;
  job->set_activity(progress.activity());
  job->set_epoch(progress.epoch());
  const bool moved = progress.step() > job->step();
  job->set_step(progress.step());
  if (progress.images_per_second() > 0) job->set_images_per_second(progress.images_per_second());
  if (!moved) return;
  SetMetric("loss", progress.loss(), job);
  SetMetric("accuracy", progress.accuracy(), job);
}

void ApplySample(const v1::MetricSample& sample, v1::Job* job) {
  if (sample.scope() == v1::MetricSample::STEP) return;
  if (sample.epoch() < job->completed_epochs()) return;  // an old one that is told again
  for (const v1::Metric& metric : sample.metrics()) SetMetric(metric.name(), metric.value(), job);
  if (sample.scope() != v1::MetricSample::EPOCH) return;
  job->set_completed_epochs(sample.epoch());
  job->set_step(std::max(job->step(), sample.step()));
}

void Derive(absl::Duration between_epochs, v1::Job* job) {
  job->set_total_steps(job->epochs() * job->steps_per_epoch());
  const int64_t total = std::max<int64_t>(job->total_steps(), 1);
  const int64_t done = std::clamp<int64_t>(job->step(), 0, total);
  // A training that stopped early has no more to do either.
  const bool finished = job->state() == v1::Job::SUCCEEDED;
  job->set_progress_percentage(finished ? 100 : static_cast<int32_t>(done * 100 / total));
  job->set_epoch(std::clamp(job->epoch(), 0, job->epochs()));
  job->clear_estimated_remaining_duration();
  if (job->state() != v1::Job::RUNNING || job->images_per_second() <= 0) return;
  const absl::Duration remaining =
      absl::Seconds(RemainingImages(*job) / job->images_per_second()) +
      between_epochs * std::max(job->epochs() - job->completed_epochs(), 0);
  const int64_t millis = absl::ToInt64Milliseconds(remaining);
  job->mutable_estimated_remaining_duration()->set_seconds(millis / 1000);
  job->mutable_estimated_remaining_duration()->set_nanos(
      static_cast<int32_t>(millis % 1000 * 1'000'000));
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
