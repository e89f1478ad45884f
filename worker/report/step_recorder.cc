#include "worker/report/step_recorder.h"

#include <algorithm>
#include <utility>

#include "common/base/files.h"
#include "common/base/status.h"
#include "common/run/run_files.h"

namespace convoy::report {
namespace {

constexpr double kSecondsBetweenWrites = 1;
constexpr int64_t kMostRows = 20000;  // more say no more to anybody, and make the files large
constexpr char kEventsFolder[] = "batch";

}  // namespace

StepRecorder::StepRecorder(RunDirectory& directory)
    : directory_(directory), events_(std::make_shared<Events>()) {
  events_->directory = directory.FilePath(kEventsFolder);
}

// A run that goes on forgets the steps after its checkpoint; they are done again.
void StepRecorder::OnStart(const JobFacts& facts) {
  spacing_ = std::max<int64_t>(1, facts.steps_per_epoch * facts.epochs / kMostRows);
  directory_.Do([path = directory_.path(), step = facts.resumed_at_step] {
    return run::BeginSteps(path, step);
  });
  directory_.Do([events = events_, step = facts.resumed_at_step, now = formats::WallSeconds()] {
    if (!PathExists(events->directory)) return absl::OkStatus();
    CONVOY_ASSIGN_OR_RETURN(events->file, formats::EventFile::Create(events->directory, now));
    return events->file->AddStart({now, step + 1});
  });
}

void StepRecorder::OnStep(const StepProgress& progress) {
  if (progress.global_step % spacing_ == 0) {
    rows_.push_back({.step = progress.global_step,
                     .epoch = progress.epoch,
                     .loss = progress.loss,
                     .accuracy = progress.accuracy,
                     .images_per_second = progress.images_per_second});
  }
  if (since_written_.Elapsed() >= kSecondsBetweenWrites) Write();
}

void StepRecorder::OnEpoch(const EpochReport&) { Write(); }
void StepRecorder::OnStopped(int64_t, bool) { Write(); }

void StepRecorder::Write() {
  since_written_ = Stopwatch();
  if (rows_.empty()) return;
  std::vector<run::StepRow> rows;
  rows.swap(rows_);
  directory_.Do([rows = std::move(rows), path = directory_.path(), events = events_,
                 now = formats::WallSeconds()] {
    CONVOY_RETURN_IF_ERROR(run::AppendSteps(path, rows));
    return AddEvents(rows, now, events.get());
  });
}

absl::Status StepRecorder::AddEvents(const std::vector<run::StepRow>& rows, double wall_seconds,
                                     Events* events) {
  if (!events->file) {
    CONVOY_ASSIGN_OR_RETURN(events->file,
                            formats::EventFile::Create(events->directory, wall_seconds));
  }
  for (const run::StepRow& row : rows) {
    const formats::EventTime time{wall_seconds, row.step};
    CONVOY_RETURN_IF_ERROR(
        events->file->AddScalar(time, "batch_loss", static_cast<float>(row.loss)));
    CONVOY_RETURN_IF_ERROR(
        events->file->AddScalar(time, "batch_accuracy", static_cast<float>(row.accuracy)));
  }
  return absl::OkStatus();
}

}  // namespace convoy::report
