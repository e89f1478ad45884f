// A run as a message of convoy.v1: summary and history of a run directory become a Job, the facts
// of a job its JobSetup. Trainers build the messages that they report from these functions, and
// clients those that they read from a directory, so a run looks the same both ways. Text becomes
// valid UTF-8, as protobuf requires, and what is derived (progress, remaining time) is left to
// job_progress.
#include "common/api/job_description.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/job_progress.h"
#include "common/base/cpus.h"
#include "common/base/printable.h"
#include "common/base/utf8.h"
#include "common/run/run_files.h"

namespace convoy::api {
namespace {

v1::Job::State StateOf(run::RunState state, bool trainer_works) {
  switch (state) {
    case run::RunState::kRunning:
      return trainer_works ? v1::Job::RUNNING : v1::Job::LOST;
    case run::RunState::kSucceeded:
      return v1::Job::SUCCEEDED;
    case run::RunState::kFailed:
      return v1::Job::FAILED;
    case run::RunState::kStopped:
      return v1::Job::STOPPED;
    case run::RunState::kCancelled:
      return v1::Job::CANCELLED;
  }
  return v1::Job::STATE_UNSPECIFIED;
}

void AddMetrics(const run::Summary& summary, const metrics::History& history, v1::Job* job) {
  if (!history.empty()) {
    for (const auto& [name, value] : history.back()) SetMetric(name, value, job);
  }
  const std::pair<const char*, std::optional<double>> newest[] = {
      {"loss", summary.loss},
      {"accuracy", summary.accuracy},
      {"test_loss", summary.test_loss},
      {"test_accuracy", summary.test_accuracy}};
  for (const auto& [name, value] : newest) {
    if (value) SetMetric(name, *value, job);
  }
}

void AddProgress(const run::Summary& summary, int completed_epochs, v1::Job* job) {
  // Whatever the file says: so small that the products of two do not overflow.
  constexpr int64_t kMostSteps = int64_t{1} << 31;
  job->set_epochs(summary.facts.epochs);
  job->set_completed_epochs(completed_epochs);
  // Earlier versions did not say which epoch was in progress.
  const int guessed = completed_epochs + (IsTerminal(job->state()) ? 0 : 1);
  job->set_epoch(summary.epoch > 0
                     ? static_cast<int>(std::min<int64_t>(summary.epoch, summary.facts.epochs))
                     : guessed);
  job->set_steps_per_epoch(std::min(summary.facts.steps_per_epoch, kMostSteps));
  job->set_step(summary.steps);
  job->set_images_per_second(summary.images_per_second);
  Derive(absl::Seconds(summary.validation_seconds), job);
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  google::protobuf::Timestamp proto;
  proto.set_seconds(micros / 1'000'000);
  proto.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return proto;
}

v1::PhaseSeconds ToProto(const metrics::PhaseSeconds& seconds) {
  v1::PhaseSeconds proto;
  proto.set_data(seconds.data);
  proto.set_forward(seconds.forward);
  proto.set_backward(seconds.backward);
  proto.set_reduce(seconds.reduce);
  proto.set_update(seconds.update);
  proto.set_wait(seconds.wait);
  return proto;
}

metrics::PhaseSeconds FromProto(const v1::PhaseSeconds& seconds) {
  return {.data = seconds.data(),
          .forward = seconds.forward(),
          .backward = seconds.backward(),
          .reduce = seconds.reduce(),
          .update = seconds.update(),
          .wait = seconds.wait()};
}

std::string RunDirectoryName(const std::string& run_directory) {
  const std::filesystem::path path = std::filesystem::absolute(run_directory).lexically_normal();
  const std::filesystem::path name = path.has_filename() ? path : path.parent_path();
  return ValidUtf8(absl::StrCat(HostName(), ":", name.string()));
}

v1::JobSetup ToSetup(const run::JobFacts& facts, const std::string& version,
                     const std::string& git_commit, const std::string& run_directory) {
  v1::JobSetup setup;
  setup.set_run_directory(RunDirectoryName(run_directory));
  setup.set_network(ValidUtf8(facts.model_name));
  setup.set_parameter_count(facts.parameters);
  setup.set_data_kind(facts.data_kind);
  setup.set_data_sha256(facts.data_sha256);
  setup.set_train_image_count(facts.train_images);
  setup.set_validation_image_count(facts.validation_images);
  setup.set_test_image_count(facts.test_images);
  setup.set_isa(facts.isa);
  setup.set_blas_core(facts.blas_core);
  setup.set_version(version);
  setup.set_git_commit(git_commit);
  setup.set_owner(ValidUtf8(facts.owner));
  return setup;
}

std::vector<v1::Rank> ToRanks(const run::JobFacts& facts,
                              const std::vector<metrics::PhaseSeconds>& phases) {
  std::vector<v1::Rank> ranks;
  for (size_t i = 0; i < facts.threads.size(); ++i) {
    v1::Rank& rank = ranks.emplace_back();
    rank.set_rank(static_cast<int32_t>(i));
    if (i < facts.hosts.size()) rank.set_host(ValidUtf8(facts.hosts[i]));
    rank.set_threads(facts.threads[i]);
    if (i < phases.size()) *rank.mutable_phase_seconds() = ToProto(phases[i]);
  }
  return ranks;
}

v1::MetricSample ToSample(const metrics::EpochMetrics& metrics, int epoch,
                          int64_t steps_per_epoch) {
  v1::MetricSample sample;
  sample.set_scope(v1::MetricSample::EPOCH);
  sample.set_epoch(epoch);
  sample.set_step(epoch * steps_per_epoch);
  for (const auto& [name, value] : metrics) {
    v1::Metric* metric = sample.add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  return sample;
}

v1::Event ToEvent(const run::RunEvent& event) {
  v1::Event told;
  *told.mutable_time() = ToProto(event.time);
  told.set_message(Printable(event.message));
  const auto [type, severity] = [&]() -> std::pair<v1::Event::Type, v1::Event::Severity> {
    switch (event.kind) {
      case run::RunEventKind::kRestarted:
        return {v1::Event::RESTARTED, v1::Event::WARNING};
      case run::RunEventKind::kGaveUp:
        return {v1::Event::GAVE_UP, v1::Event::ERROR};
      case run::RunEventKind::kHostLost:
        return {v1::Event::HOST_LOST, v1::Event::WARNING};
      case run::RunEventKind::kHostBack:
        return {v1::Event::HOST_BACK, v1::Event::INFO};
    }
    return {};
  }();
  told.set_type(type);
  told.set_severity(severity);
  return told;
}

v1::Job ToJob(const run::Summary& summary, const metrics::History& history,
              const std::string& run_directory, bool trainer_works) {
  v1::Job job;
  job.set_name(ValidUtf8(run::RunName(run_directory)));
  job.set_state(StateOf(summary.state, trainer_works));
  job.set_error(ValidUtf8(summary.error));
  job.set_world_size(summary.facts.world_size);
  job.set_restarts(static_cast<int32_t>(std::min<int64_t>(summary.facts.restarts, 1 << 30)));
  job.set_weights_sha256(summary.weights_sha256);
  if (summary.facts.start_time != absl::InfinitePast()) {
    *job.mutable_start_time() = ToProto(summary.facts.start_time);
  }
  if (summary.end_time != absl::InfiniteFuture())
    *job.mutable_end_time() = ToProto(summary.end_time);
  *job.mutable_setup() = ToSetup(summary.facts, summary.version, summary.git_commit, run_directory);
  AddProgress(summary, static_cast<int>(history.size()), &job);
  AddMetrics(summary, history, &job);
  for (v1::Rank& rank : ToRanks(summary.facts, summary.phase_seconds)) {
    *job.add_ranks() = std::move(rank);
  }
  return job;
}

}  // namespace convoy::api
