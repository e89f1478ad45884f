// Rank 0's reports of a job: the run directory and everybody who is told how it goes.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/formats/model_file.h"
#include "common/i18n/message.h"
#include "common/metrics/history.h"
#include "worker/report/console.h"
#include "worker/report/coordinator_client.h"
#include "worker/report/event_recorder.h"
#include "worker/report/observer.h"
#include "worker/report/run_directory.h"
#include "worker/report/run_recorder.h"
#include "worker/report/step_recorder.h"

namespace convoy::report {

// Owns the observers. Thread-compatible: the training thread makes all calls.
class Reporting {
 public:
  struct Run {
    std::string recipe_text;
    double learning_rate = 0;  // of epochs whose metrics name none
    // Of a run that goes on: its finished epochs, and the training time of these and the unfinished
    // one.
    metrics::History finished_epochs;
    std::vector<double> epoch_seconds;
  };

  // Reports to `directory` and, as much as `verbose` says (Console), to `out`.
  Reporting(std::unique_ptr<RunDirectory> directory, const Run& run, std::FILE* out, int verbose);

  // Reports to a coordinator, too.
  void Add(std::unique_ptr<CoordinatorClient> coordinator);

  // Has the coordinator, if there is one, shown the network before its first step.
  void PublishUntrained(formats::ModelFile model);

  RunDirectory& directory() { return *directory_; }

  // All that are to be told of the training, as long as this lives.
  const std::vector<Observer*>& observers() const { return observers_; }

  // The three ends of a job. Each waits until the files are written and, for a moment, until the
  // coordinator knows; where it does not, a note says so. model.convoy must be there before a
  // success, which the others are told of only when the files are complete. A failure returns its
  // error, with what prevented it from being written where something did.
  absl::Status Succeed(const FinalReport& report);
  absl::Status Stop();
  absl::Status Fail(const absl::Status& error);

  // After a success: adds the network's figures in `folder` to the events.
  absl::Status AddFigures(const std::string& folder);

 private:
  const std::unique_ptr<RunDirectory> directory_;
  RunRecorder recorder_;
  EventRecorder events_;
  StepRecorder steps_;
  Console console_;
  std::unique_ptr<CoordinatorClient> coordinator_;  // may be null
  std::vector<Observer*> observers_;
};

// Prints a note for people, in their language, and writes it into the directory's log.
void Note(RunDirectory& directory, const i18n::Message& line);

// Waits a moment until the coordinator knows all, and notes where it does not. `client` may be
// null.
void DeliverReports(CoordinatorClient* client, RunDirectory& directory);

}  // namespace convoy::report
