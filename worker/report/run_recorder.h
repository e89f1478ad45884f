// Keeps the files of the run directory up to date: recipe, history, summary and log.
#pragma once

#include <string>
#include <vector>

#include "common/base/stopwatch.h"
#include "common/metrics/history.h"
#include "common/run/summary.h"
#include "worker/report/observer.h"
#include "worker/report/run_directory.h"

namespace convoy::report {

// Thread-compatible; the writing itself is RunDirectory's.
class RunRecorder : public Observer {
 public:
  // `directory` must outlive the recorder. A run that goes on brings its finished epochs and what
  // their training and that of the unfinished one took.
  RunRecorder(RunDirectory& directory, std::string recipe_text, metrics::History finished_epochs,
              std::vector<double> epoch_train_seconds);

  void OnStart(const JobFacts& facts) override;
  void OnEpochStart(int64_t epoch, int64_t step_in_epoch) override;
  void OnStep(const StepProgress& progress) override;
  void OnEpoch(const EpochReport& report) override;
  void OnNotice(const i18n::Message& line) override;
  void OnStopped(int64_t global_step, bool cancelled) override;
  void OnFinished(const FinalReport& report) override;
  void OnFailed(const std::string& error) override;

 private:
  void NoteMetrics(const metrics::EpochMetrics& metrics);
  void NoteValidationAccuracy(const metrics::EpochMetrics& metrics);
  void NoteEnd(run::RunState state);
  void WriteHistory();
  void WriteSummary();
  void UpdateSpeed();

  RunDirectory& directory_;
  std::string recipe_text_;
  metrics::History history_;
  std::vector<double> epoch_train_seconds_;
  Stopwatch since_start_;
  run::Summary summary_;
};

}  // namespace convoy::report
