#include "common/api/job_progress.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace convoy::api {
namespace {

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

}  // namespace convoy::api
