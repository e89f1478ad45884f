// Copies of checkpoints on a second host, so that the loss of either loses nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/replicate/checkpoint_keeper.h"
#include "worker/replicate/checkpoint_sender.h"

namespace convoy::replicate {

struct ReplicationOptions {
  // Each rank's own: the same path, or the same below its working directory. Rank 0's exists and
  // has its identity (common/run/run_id.h).
  std::string run_directory;
  int keep = 1;  // how many checkpoints
  // Rank 0: is told in one line, also in another thread, who keeps copies, or that nobody does.
  std::function<void(const std::string& line)> on_note;
};

// Rank 0 sends each checkpoint to the first rank of the second host, beside MPI and in threads of
// their own. Nothing is sent where that rank sees rank 0's directory itself, or where its own is
// another run's. Thread-compatible.
class Replication {
 public:
  // COLLECTIVE. Where all ranks are on one host it does nothing.
  static absl::StatusOr<std::unique_ptr<Replication>> Start(comm::Communicator& communicator,
                                                            ReplicationOptions options);
  // Waits for the last copy; some seconds at most.
  ~Replication() = default;

  // Rank 0: has the checkpoint of this step, whose file it is, copied. Returns at once.
  // Thread-safe.
  void Copy(int64_t global_step, const std::string& path);

  // Whether this rank is the one on the second host, and its run directory is this run's: what the
  // host shall have is its to write.
  bool keeps_here() const { return keeps_here_; }

 private:
  Replication() = default;

  bool keeps_here_ = false;
  std::unique_ptr<CheckpointSender> sender_;  // rank 0's, where there are copies
  std::unique_ptr<CheckpointKeeper> keeper_;  // of the rank that keeps them
};

}  // namespace convoy::replicate
