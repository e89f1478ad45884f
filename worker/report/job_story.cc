// A bounded buffer between the training thread, which adds, and the reporting thread, which takes
// what is due and confirms it when the coordinator has stored it: delivery at least once. Of steps
// only every so many are kept, by the job's length, so a job of any length fits.
#include "worker/report/job_story.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/time/clock.h"
#include "common/api/job_description.h"
#include "common/base/printable.h"
#include "common/base/utf8.h"
#include "common/base/version.h"
#include "common/run/run_files.h"

namespace convoy::report {
namespace {

// So that one message stays small, however long the job.
constexpr size_t kMaxEpochsAtOnce = 1000;

// A speed over no measurable time is unknown.
double Finite(double speed) { return std::isfinite(speed) ? speed : 0; }

void AddMetric(const std::string& name, double value, v1::MetricSample* sample) {
  v1::Metric* metric = sample->add_metrics();
  metric->set_name(name);
  metric->set_value(value);
}

}  // namespace

JobStory::JobStory(StoryOfRun run) : run_(std::move(run)) {}

void JobStory::Start(const JobFacts& facts) {
  const std::lock_guard lock(mutex_);
  facts_ = facts;
  // A run that an earlier version finished did not keep it.
  if (facts_->start_time == absl::InfinitePast()) facts_->start_time = absl::Now();
  const int64_t total_steps = facts.epochs * facts.steps_per_epoch;
  while (total_steps / step_stride_ >= kMaxStepSamples) step_stride_ *= 2;
  ranks_ = api::ToRanks(facts, {});
  phases_.resize(ranks_.size());
  for (const metrics::EpochMetrics& epoch : run_.finished_epochs) {
    epochs_.push_back(EpochSample(epoch, static_cast<int>(epochs_.size()) + 1));
  }
  progress_.set_step(facts.resumed_at_step);
}

v1::MetricSample JobStory::EpochSample(const metrics::EpochMetrics& metrics, int epoch) const {
  return api::ToSample(metrics, epoch, facts_->steps_per_epoch);
}

void JobStory::StartEpoch(int64_t epoch, int64_t step_in_epoch) {
  const std::lock_guard lock(mutex_);
  progress_.set_epoch(static_cast<int32_t>(epoch) + 1);
  progress_.set_activity(v1::Job::TRAINING);
}

void JobStory::Step(const StepProgress& step) {
  const std::lock_guard lock(mutex_);
  const bool last = step.step_in_epoch == facts_->steps_per_epoch;
  progress_.set_activity(last ? v1::Job::BETWEEN_EPOCHS : v1::Job::TRAINING);
  progress_.set_step(step.global_step);
  progress_.set_loss(step.loss);
  progress_.set_accuracy(step.accuracy);
  progress_.set_images_per_second(Finite(step.images_per_second));
  if (step.global_step % step_stride_ != 0) return;
  v1::MetricSample& sample = steps_.emplace_back();
  sample.set_scope(v1::MetricSample::STEP);
  sample.set_epoch(static_cast<int32_t>(step.epoch) + 1);
  sample.set_step(step.global_step);
  *sample.mutable_time() = api::ToProto(absl::Now());
  sample.set_images_per_second(Finite(step.images_per_second));
  AddMetric("loss", step.loss, &sample);
  AddMetric("accuracy", step.accuracy, &sample);
}

void JobStory::Epoch(const EpochReport& report) {
  const std::lock_guard lock(mutex_);
  v1::MetricSample sample = EpochSample(report.metrics, static_cast<int>(report.epoch) + 1);
  *sample.mutable_time() = api::ToProto(absl::Now());
  sample.set_train_seconds(report.train_seconds);
  sample.set_validation_seconds(report.validation_seconds);
  if (report.train_seconds > 0) {
    sample.set_images_per_second(static_cast<double>(report.train_images) / report.train_seconds);
  }
  for (size_t rank = 0; rank < ranks_.size() && rank < report.phases.size(); ++rank) {
    *ranks_[rank].mutable_phase_seconds() = api::ToProto(report.phases[rank]);
    *ranks_[rank].mutable_epoch_phase_seconds() = api::ToProto(report.phases[rank] - phases_[rank]);
    phases_[rank] = report.phases[rank];
  }
  due_model_put_off_ = false;
  newest_model_ = due_model_ = {.completed_epochs = sample.epoch(),
                                .step = sample.step(),
                                .final = false,
                                .metrics = report.metrics};
  epochs_.push_back(std::move(sample));
}

void JobStory::Succeed(const FinalReport& report) {
  const std::lock_guard lock(mutex_);
  const metrics::EpochMetrics metrics = {{"test_loss", report.test_loss},
                                         {"test_accuracy", report.test_accuracy}};
  // Fewer epochs than planned, where the training stopped early.
  const int epochs = static_cast<int>(epochs_.size());
  progress_.set_epoch(epochs);
  final_ = EpochSample(metrics, epochs);
  final_->set_scope(v1::MetricSample::FINAL);
  *final_->mutable_time() = api::ToProto(absl::Now());
  due_model_put_off_ = false;
  newest_model_ = due_model_ = {
      .completed_epochs = epochs, .step = final_->step(), .final = true, .metrics = metrics};
  SetEnd(v1::Job::SUCCEEDED);
  conclusion_->set_weights_sha256(report.weights_sha256);
}

void JobStory::Stop(bool cancelled) {
  const std::lock_guard lock(mutex_);
  SetEnd(cancelled ? v1::Job::CANCELLED : v1::Job::STOPPED);
}

void JobStory::Fail(const std::string& error) {
  const std::lock_guard lock(mutex_);
  SetEnd(v1::Job::FAILED);
  conclusion_->set_error(Printable(error));
}

void JobStory::SetEnd(v1::Job::State state) {
  progress_.set_activity(v1::Job::FINISHING);
  conclusion_.emplace().set_state(state);
}

bool JobStory::started() const {
  const std::lock_guard lock(mutex_);
  return facts_.has_value();
}

bool JobStory::ended() const {
  const std::lock_guard lock(mutex_);
  return conclusion_.has_value();
}

worker::v1::RegisterJobRequest JobStory::Registration() const {
  const std::lock_guard lock(mutex_);
  worker::v1::RegisterJobRequest request;
  request.set_run_name(ValidUtf8(run::RunName(run_.run_directory)));
  request.set_run_id(run_.run_id);
  request.set_run_key(run_.run_key);
  request.set_process_id(run_.process_id);
  *request.mutable_start_time() = api::ToProto(facts_->start_time);
  *request.mutable_recipe() = run_.recipe;
  *request.mutable_setup() = api::ToSetup(*facts_, Version(), GitCommit(), run_.run_directory);
  request.set_epochs(facts_->epochs);
  request.set_steps_per_epoch(facts_->steps_per_epoch);
  *request.mutable_ranks() = {ranks_.begin(), ranks_.end()};
  request.set_restarts(static_cast<int32_t>(facts_->restarts));
  request.set_resumed_at_step(facts_->resumed_at_step);
  request.set_completed_epochs(static_cast<int32_t>(run_.finished_epochs.size()));
  return request;
}

void JobStory::Registered(int stored_epochs) {
  const std::lock_guard lock(mutex_);
  steps_told_ = 0;
  epochs_told_ = std::min(static_cast<size_t>(std::max(stored_epochs, 0)), epochs_.size());
  conclusion_told_ = false;
  due_model_ = newest_model_;
}

worker::v1::Progress JobStory::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::optional<worker::v1::ReportProgressRequest> JobStory::DueReport(bool with_steps) const {
  const std::lock_guard lock(mutex_);
  const size_t epochs_end = std::min(epochs_.size(), epochs_told_ + kMaxEpochsAtOnce);
  const bool concludes = conclusion_ && !conclusion_told_ && (!due_model_ || due_model_put_off_) &&
                         epochs_end == epochs_.size();
  const bool new_epochs = epochs_told_ < epochs_.size();
  const bool new_steps = with_steps && steps_told_ < steps_.size();
  if (!concludes && !new_epochs && !new_steps) return std::nullopt;
  worker::v1::ReportProgressRequest request;
  request.set_process_id(run_.process_id);
  *request.mutable_progress() = progress_;
  for (size_t i = steps_told_; i < steps_.size(); ++i) *request.add_samples() = steps_[i];
  for (size_t i = epochs_told_; i < epochs_end; ++i) *request.add_samples() = epochs_[i];
  if (new_epochs) *request.mutable_ranks() = {ranks_.begin(), ranks_.end()};
  if (concludes) {
    if (final_) *request.add_samples() = *final_;
    *request.mutable_conclusion() = *conclusion_;
  }
  return request;
}

void JobStory::Reported(const worker::v1::ReportProgressRequest& report) {
  const std::lock_guard lock(mutex_);
  for (const v1::MetricSample& sample : report.samples()) {
    if (sample.scope() == v1::MetricSample::STEP) ++steps_told_;
    if (sample.scope() == v1::MetricSample::EPOCH) ++epochs_told_;
  }
  if (report.has_conclusion()) conclusion_told_ = true;
}

std::optional<DueModel> JobStory::due_model() const {
  const std::lock_guard lock(mutex_);
  return due_model_;
}

bool JobStory::IsDue(const DueModel& model) const {
  return due_model_ && due_model_->completed_epochs == model.completed_epochs &&
         due_model_->final == model.final;
}

void JobStory::ModelDone(const DueModel& model) {
  const std::lock_guard lock(mutex_);
  if (IsDue(model)) due_model_.reset();
}

void JobStory::PutOff(const DueModel& model) {
  const std::lock_guard lock(mutex_);
  if (IsDue(model)) due_model_put_off_ = true;
}

bool JobStory::concluded() const {
  const std::lock_guard lock(mutex_);
  return conclusion_told_;
}

bool JobStory::complete() const {
  const std::lock_guard lock(mutex_);
  return conclusion_ && conclusion_told_ && !due_model_;
}

}  // namespace convoy::report
