#include "worker/report/job_story.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/cpus.h"
#include "common/base/version.h"

namespace convoy::report {
namespace {

// So that one message stays small, however long the job.
constexpr size_t kMaxEpochsAtOnce = 1000;

google::protobuf::Timestamp Now() {
  const int64_t micros = absl::ToUnixMicros(absl::Now());
  google::protobuf::Timestamp time;
  time.set_seconds(micros / 1'000'000);
  time.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return time;
}

// Paths and messages of the system may have any bytes; a protobuf string must be UTF-8.
std::string AsUtf8(const std::string& text) {
  using Json = nlohmann::json;
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

void AddMetric(const std::string& name, double value, v1::MetricSample* sample) {
  v1::Metric* metric = sample->add_metrics();
  metric->set_name(name);
  metric->set_value(value);
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

metrics::PhaseSeconds Difference(const metrics::PhaseSeconds& a, const metrics::PhaseSeconds& b) {
  return {.data = a.data - b.data,
          .forward = a.forward - b.forward,
          .backward = a.backward - b.backward,
          .reduce = a.reduce - b.reduce,
          .update = a.update - b.update,
          .wait = a.wait - b.wait};
}

v1::JobSetup SetupOf(const JobFacts& facts, const std::string& run_directory) {
  v1::JobSetup setup;
  setup.set_run_directory(
      AsUtf8(absl::StrCat(HostName(), ":", std::filesystem::absolute(run_directory).string())));
  setup.set_network(facts.model_name);
  setup.set_parameter_count(facts.parameters);
  setup.set_data_kind(facts.data_kind);
  setup.set_data_sha256(facts.data_sha256);
  setup.set_train_image_count(facts.train_images);
  setup.set_validation_image_count(facts.validation_images);
  setup.set_test_image_count(facts.test_images);
  setup.set_isa(facts.isa);
  setup.set_blas_core(facts.blas_core);
  setup.set_version(Version());
  setup.set_git_commit(GitCommit());
  return setup;
}

// The name of a directory that may be given as "runs/a/".
std::string BaseName(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::absolute(path).lexically_normal();
  return normal.has_filename() ? normal.filename() : normal.parent_path().filename();
}

}  // namespace

JobStory::JobStory(StoryOfRun run) : run_(std::move(run)) {}

void JobStory::Start(const JobFacts& facts) {
  const std::lock_guard lock(mutex_);
  facts_ = facts;
  start_time_ = Now();
  const int64_t total_steps = facts.epochs * facts.steps_per_epoch;
  while (total_steps / step_stride_ >= kMaxStepSamples) step_stride_ *= 2;
  for (size_t rank = 0; rank < facts.threads.size(); ++rank) {
    v1::Rank& proto = ranks_.emplace_back();
    proto.set_rank(static_cast<int32_t>(rank));
    proto.set_host(facts.hosts[rank]);
    proto.set_threads(facts.threads[rank]);
  }
  phases_.resize(ranks_.size());
  for (const metrics::EpochMetrics& epoch : run_.finished_epochs) {
    epochs_.push_back(EpochSample(epoch, static_cast<int>(epochs_.size()) + 1));
  }
  progress_.set_step(facts.resumed_at_step);
}

v1::MetricSample JobStory::EpochSample(const metrics::EpochMetrics& metrics, int epoch) const {
  v1::MetricSample sample;
  sample.set_scope(v1::MetricSample::EPOCH);
  sample.set_epoch(epoch);
  sample.set_step(epoch * facts_->steps_per_epoch);
  for (const auto& [name, value] : metrics) AddMetric(name, value, &sample);
  return sample;
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
  progress_.set_images_per_second(step.images_per_second);
  if (step.global_step % step_stride_ != 0) return;
  v1::MetricSample& sample = steps_.emplace_back();
  sample.set_scope(v1::MetricSample::STEP);
  sample.set_epoch(static_cast<int32_t>(step.epoch) + 1);
  sample.set_step(step.global_step);
  *sample.mutable_time() = Now();
  sample.set_images_per_second(step.images_per_second);
  AddMetric("loss", step.loss, &sample);
  AddMetric("accuracy", step.accuracy, &sample);
}

void JobStory::Epoch(const EpochReport& report) {
  const std::lock_guard lock(mutex_);
  v1::MetricSample sample = EpochSample(report.metrics, static_cast<int>(report.epoch) + 1);
  *sample.mutable_time() = Now();
  sample.set_train_seconds(report.train_seconds);
  sample.set_validation_seconds(report.validation_seconds);
  if (report.train_seconds > 0) {
    sample.set_images_per_second(static_cast<double>(report.train_images) / report.train_seconds);
  }
  for (size_t rank = 0; rank < ranks_.size() && rank < report.phases.size(); ++rank) {
    *ranks_[rank].mutable_phase_seconds() = ToProto(report.phases[rank]);
    *ranks_[rank].mutable_epoch_phase_seconds() =
        ToProto(Difference(report.phases[rank], phases_[rank]));
    phases_[rank] = report.phases[rank];
  }
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
  final_ = EpochSample(metrics, epochs);
  final_->set_scope(v1::MetricSample::FINAL);
  *final_->mutable_time() = Now();
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
  conclusion_->set_error(AsUtf8(error));
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
  request.set_run_name(AsUtf8(BaseName(run_.run_directory)));
  request.set_run_id(run_.run_id);
  request.set_process_id(run_.process_id);
  *request.mutable_start_time() = start_time_;
  *request.mutable_recipe() = run_.recipe;
  *request.mutable_setup() = SetupOf(*facts_, run_.run_directory);
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
  const bool concludes =
      conclusion_ && !conclusion_told_ && !due_model_ && epochs_end == epochs_.size();
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

void JobStory::ModelDone(const DueModel& model) {
  const std::lock_guard lock(mutex_);
  if (due_model_ && due_model_->completed_epochs == model.completed_epochs &&
      due_model_->final == model.final) {
    due_model_.reset();
  }
}

bool JobStory::complete() const {
  const std::lock_guard lock(mutex_);
  return conclusion_ && conclusion_told_;
}

}  // namespace convoy::report
