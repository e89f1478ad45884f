// Follows a run and keeps its files up to date: each event changes the summary or the history,
// which are then written whole, and adds a record to log.txt.
#include "worker/report/run_recorder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/text.h"
#include "common/base/version.h"
#include "common/run/history_file.h"
#include "common/run/run_files.h"

namespace convoy::report {

RunRecorder::RunRecorder(RunDirectory& directory, std::string recipe_text,
                         metrics::History finished_epochs, std::vector<double> epoch_train_seconds)
    : directory_(directory),
      recipe_text_(std::move(recipe_text)),
      history_(std::move(finished_epochs)),
      epoch_train_seconds_(std::move(epoch_train_seconds)) {
  epoch_train_seconds_.resize(history_.size());  // the unfinished one comes with its report
  if (!history_.empty()) NoteMetrics(history_.back());
}

void RunRecorder::OnStart(const JobFacts& facts) {
  summary_.facts = facts;
  summary_.version = Version();
  summary_.git_commit = GitCommit();
  summary_.steps = facts.resumed_at_step;
  // A run that goes on began when its first trainer did.
  const absl::StatusOr<run::Summary> before = run::ReadSummary(directory_.path());
  if (before.ok() && before->facts.start_time != absl::InfinitePast()) {
    summary_.facts.start_time = std::min(facts.start_time, before->facts.start_time);
  }
  directory_.Log(
      log::Level::kInfo,
      absl::StrCat(facts.restarts == 0 ? "start: " : "go on: ", facts.world_size, " ranks, ",
                   facts.TotalThreads(), " threads, ", facts.DistinctHosts().size(), " hosts, ",
                   facts.isa, ", ", facts.blas_core, ", data ", facts.data_kind, " (",
                   facts.data_where, "), step ", facts.resumed_at_step));
  directory_.Write(run::kRecipeFile, recipe_text_);
  WriteHistory();
  UpdateSpeed();
  WriteSummary();
  // Who finds this run dead, however soon, finds what it was.
  directory_.Wait();
}

void RunRecorder::OnEpochStart(int64_t epoch, int64_t step_in_epoch) { summary_.epoch = epoch + 1; }

void RunRecorder::OnStep(const StepProgress& progress) {
  summary_.steps = progress.global_step;
  summary_.loss = progress.loss;
  summary_.accuracy = progress.accuracy;
  if (progress.images_per_second > 0) summary_.images_per_second = progress.images_per_second;
}

void RunRecorder::OnEpoch(const EpochReport& report) {
  history_.push_back(report.metrics);
  epoch_train_seconds_.push_back(report.train_seconds);
  summary_.phase_seconds = report.phases;
  summary_.validation_seconds = report.validation_seconds;
  summary_.peak_rss_bytes = report.peak_rss_bytes;
  std::string line = absl::StrFormat("epoch %d: %.2f s", report.epoch + 1, report.train_seconds);
  for (const auto& [name, value] : report.metrics) {
    absl::StrAppend(&line, ", ", name, " ", MetricText(value));
  }
  NoteMetrics(report.metrics);
  directory_.Log(log::Level::kInfo, line);
  UpdateSpeed();
  WriteHistory();
  WriteSummary();
}

void RunRecorder::OnNotice(const i18n::Message& line) {
  directory_.Log(log::Level::kInfo, line.english);
}

void RunRecorder::OnStopped(int64_t global_step, bool cancelled) {
  NoteEnd(cancelled ? run::RunState::kCancelled : run::RunState::kStopped);
  directory_.Log(
      log::Level::kInfo,
      absl::StrCat(cancelled ? "cancelled at step " : "stopped on request at step ", global_step));
  WriteSummary();
}

void RunRecorder::OnFinished(const FinalReport& report) {
  NoteEnd(run::RunState::kSucceeded);
  summary_.test_loss = report.test_loss;
  summary_.test_accuracy = report.test_accuracy;
  summary_.weights_sha256 = report.weights_sha256;
  if (report.restored_epoch) {
    NoteValidationAccuracy(history_[static_cast<size_t>(*report.restored_epoch)]);
  }
  directory_.Log(log::Level::kInfo,
                 absl::StrFormat("succeeded: test loss %.4f, test accuracy %.4f, weights %s",
                                 report.test_loss, report.test_accuracy, report.weights_sha256));
  WriteSummary();
}

void RunRecorder::OnFailed(const std::string& error) {
  NoteEnd(run::RunState::kFailed);
  summary_.error = error;
  directory_.Log(log::Level::kError, "failed: " + error);
  WriteSummary();
}

void RunRecorder::NoteEnd(run::RunState state) {
  summary_.state = state;
  summary_.end_time = absl::Now();
}

void RunRecorder::NoteMetrics(const metrics::EpochMetrics& metrics) {
  for (const auto& [name, value] : metrics) {
    if (name == "loss") summary_.loss = value;
    if (name == "accuracy") summary_.accuracy = value;
  }
  NoteValidationAccuracy(metrics);
}

void RunRecorder::NoteValidationAccuracy(const metrics::EpochMetrics& metrics) {
  for (const auto& [name, value] : metrics) {
    if (name == "val_accuracy") summary_.validation_accuracy = value;
  }
}

void RunRecorder::WriteHistory() {
  directory_.Write(run::kHistoryFile, run::HistoryToJson(history_));
  directory_.Write(run::kHistoryCsvFile, run::HistoryToCsv(history_));
}

void RunRecorder::WriteSummary() {
  summary_.wall_seconds = since_start_.Elapsed();
  directory_.Write(run::kSummaryFile, run::ToJson(summary_));
}

// The rate is that of the median epoch: the first is slower while memory and caches warm up, any
// may be disturbed.
void RunRecorder::UpdateSpeed() {
  if (epoch_train_seconds_.empty()) return;
  summary_.train_seconds =
      std::accumulate(epoch_train_seconds_.begin(), epoch_train_seconds_.end(), 0.0);
  std::vector<double> sorted = epoch_train_seconds_;
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  const double median =
      sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  if (median > 0) {
    summary_.train_images_per_second = static_cast<double>(summary_.facts.train_images) / median;
  }
}

}  // namespace convoy::report
