// One start of a training, from its first process to its last.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/process/child.h"
#include "client/supervise/chronicle.h"
#include "client/supervise/processes.h"
#include "common/i18n/message.h"

namespace convoy::client {

// Starts the trainers, hands a wish to stop on to them, and ends them where they would not end by
// themselves. Thread-compatible: for one start.
class Attempt {
 public:
  // In the run directory `run_dir`; its processes have the variable `mark`. `chronicle` must
  // outlive this.
  Attempt(std::string run_dir, std::string mark, Chronicle& chronicle);

  // Removes what an earlier start has said of itself. Call it before anything of this start may
  // fail.
  void Begin();

  // Starts `launch`, with `ranks` of mpirun's on this machine, 0 if that is not known, and waits
  // for its end; returns its exit code, 128 + N for signal N. Ranks may outlive it. Returns
  // NOT_FOUND, saying what to install, if there is no mpirun, and what the system says if nothing
  // can be started.
  absl::StatusOr<int> Run(const Launch& launch, int ranks);

  // Its standard error, as far as kept, and the trainer's lines of error in it.
  const std::string& errors() const { return errors_; }
  const std::vector<std::string>& said() const { return said_; }

  // Which process the supervisor ended, and why; empty if none.
  const i18n::Message& ended_because() const { return ended_because_; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  int WaitFor(Child& child);
  void TakeError(const std::string& line);
  void PassOnWish(Child& child, TimePoint started);
  void EndStopped(const std::vector<MarkedProcess>& processes, TimePoint now);
  void EndWithoutRank(Child& child, const std::vector<MarkedProcess>& processes, TimePoint now);
  void EndLauncherThatHangs(Child& child, TimePoint now);

  const std::string run_dir_;
  const std::string mark_;
  Chronicle& chronicle_;
  std::string errors_;
  std::vector<std::string> said_;
  i18n::Message ended_because_;
  int passed_on_ = 0;  // wishes
  TimePoint looked_;
  std::map<pid_t, TimePoint> stopped_since_;
  std::optional<TimePoint> failing_since_;
  std::set<std::string> ranks_;  // that have been here, or are to be
  std::optional<TimePoint> missing_since_;
};

}  // namespace convoy::client
