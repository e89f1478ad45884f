// Keeps TensorBoard's event files of the run directory up to date: train/ and validation/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/formats/keras_events.h"
#include "common/metrics/history.h"
#include "worker/report/observer.h"
#include "worker/report/run_directory.h"

namespace convoy::report {

// Thread-compatible; the writing itself is done by RunDirectory's thread, which also has its
// errors. docs/exports.md says what is written.
class EventRecorder : public Observer {
 public:
  // `directory` must outlive the recorder. `learning_rate` is that of epochs whose metrics name
  // none. A run that goes on brings its finished epochs.
  EventRecorder(RunDirectory& directory, metrics::History finished_epochs, double learning_rate);

  void OnStart(const JobFacts& facts) override;
  void OnEpoch(const EpochReport& report) override;

  // Adds the picture `png`, a whole PNG file, of the finished epoch, from 0. `tag` is its name,
  // such as "confusion_matrix".
  void AddImage(int64_t epoch, std::string tag, std::string png);

 private:
  void Do(std::function<absl::Status(formats::KerasEvents&)> task);

  RunDirectory& directory_;
  metrics::History finished_epochs_;
  double learning_rate_;
  std::shared_ptr<formats::KerasEvents> events_;  // used on the directory's thread alone
};

}  // namespace convoy::report
