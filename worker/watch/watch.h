// Nobody has to watch a training: each rank's watchdog knows where all ranks are, names the one
// that hangs and ends its own rank, so that the job can go on from its last checkpoint.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/watch/beats.h"
#include "worker/watch/hang_judge.h"
#include "worker/watch/rank_state.h"
#include "worker/watch/watched_communicator.h"

namespace convoy::watch {

struct StopState {
  bool requested = false;
  bool cancelled = false;
};

struct WatchOptions {
  // See HangJudge; 0: hangs are not looked for. Steps, validation and so on may take longer where
  // they did before.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  // Ranks are threads of one process, which leaves its last words as rank 0.
  bool ranks_are_threads = false;
  // Whether this process was asked to stop. Called in the watchdog's thread.
  std::function<StopState()> stop_state;
};

// Reads the patience from CONVOY_HANG_SECONDS; 30 s unless set. Returns INVALID_ARGUMENT for what
// is no number of seconds.
absl::StatusOr<std::chrono::milliseconds> PatienceFromEnvironment();

// One rank's. The boards lie in memory that the ranks of a host share; other hosts' are copied
// there by Beats. The thread calls no MPI: it also runs while the rank is stuck in it.
//
// A rank that hangs is named on standard error, in log.txt and in the last words of the rank that
// says so; then every rank ends with exit code 77 (76 if the job was cancelled).
//
// Thread-compatible: the rank's training thread makes all calls.
class Watch {
 public:
  // COLLECTIVE. `communicator` must outlive this.
  static absl::StatusOr<std::unique_ptr<Watch>> Start(comm::Communicator& communicator,
                                                      WatchOptions options);
  // COLLECTIVE, as it frees shared memory. Removes the progress file.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // The communicator that the rank is to use: the given one, watched.
  comm::Communicator& communicator() { return *communicator_; }

  // COLLECTIVE. Rank 0's `run_directory` is where hangs are logged, ranks leave their last words
  // and rank 0 writes progress.json every second.
  absl::Status SetRunDirectory(const std::string& run_directory);

  // The rank begins something else; `step` is from 1.
  void Enter(Phase phase);
  void EnterStep(int64_t step);

 private:
  Watch(comm::Communicator& communicator, WatchOptions options);

  absl::Status Open(comm::Communicator& communicator);
  void Serve();
  void Look();
  PhaseLengths Lengths() const;
  void EndAfter(const Hang& hang, bool cancelled);
  void WriteProgress(const std::vector<RankState>& states) const;
  std::optional<std::string> RunDirectory() const;
  void NoteLength(std::chrono::steady_clock::duration length);

  const int rank_;
  const WatchOptions options_;
  std::unique_ptr<comm::SharedBytes> memory_;
  RankBoard* boards_ = nullptr;  // [world_size]
  std::unique_ptr<WatchedCommunicator> communicator_;
  std::vector<std::string> hosts_;
  std::unique_ptr<Beats> beats_;  // of the first rank of each host, where there are several
  std::optional<HangJudge> judge_;

  // The training thread's.
  std::chrono::steady_clock::time_point entered_;
  std::atomic<int64_t> step_nanos_{0};  // of a typical step
  std::array<std::atomic<int64_t>, kPhases> longest_nanos_{};

  // The watchdog's.
  std::chrono::steady_clock::time_point progress_written_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;                       // guarded by mutex_
  std::optional<std::string> run_directory_;  // guarded by mutex_; absolute
  std::thread thread_;                        // last: it uses all of the above
};

}  // namespace convoy::watch
