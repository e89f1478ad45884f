// Loss and accuracy within epochs: steps.csv, and TensorBoard's run batch/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/stopwatch.h"
#include "common/formats/tensorboard/event_file.h"
#include "common/run/steps_file.h"
#include "worker/report/observer.h"
#include "worker/report/run_directory.h"

namespace convoy::report {

// Thread-compatible; the writing itself is done by RunDirectory's thread, about once a second.
class StepRecorder : public Observer {
 public:
  // `directory` must outlive the recorder.
  explicit StepRecorder(RunDirectory& directory);

  void OnStart(const JobFacts& facts) override;
  void OnStep(const StepProgress& progress) override;
  void OnEpoch(const EpochReport& report) override;
  void OnStopped(int64_t global_step, bool cancelled) override;

 private:
  // Used on the directory's thread alone.
  struct Events {
    std::string directory;
    std::optional<formats::EventFile> file;
  };

  void Write();
  static absl::Status AddEvents(const std::vector<run::StepRow>& rows, double wall_seconds,
                                Events* events);

  RunDirectory& directory_;
  int64_t spacing_ = 1;  // every so many steps
  Stopwatch since_written_;
  std::vector<run::StepRow> rows_;  // that are not written yet
  std::shared_ptr<Events> events_;
};

}  // namespace convoy::report
