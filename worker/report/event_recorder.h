// Keeps TensorBoard's event files of the run directory up to date: train/ and validation/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/formats/tensorboard/keras_events.h"
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

  // Adds a picture of the network after its last finished epoch. `tag` is its name, such as
  // "confusion_matrix", `png` a whole PNG file.
  void AddImage(std::string tag, std::string png);

  // Adds those figures in `folder` that show the network itself: confusion.png as
  // "confusion_matrix" and filters-LAYER.png as "filters/LAYER". Errors: those of the file system.
  absl::Status AddFigures(const std::string& folder);

 private:
  void Do(std::function<absl::Status(formats::KerasEvents&)> task);

  RunDirectory& directory_;
  metrics::History finished_epochs_;
  double learning_rate_;
  int64_t last_epoch_;                            // from 0
  std::shared_ptr<formats::KerasEvents> events_;  // used on the directory's thread alone
};

}  // namespace convoy::report
