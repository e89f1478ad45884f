// Rank 0's side of the copies: sends each new checkpoint to the host that keeps them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/serial_executor.h"
#include "worker/replicate/connection.h"

namespace convoy::replicate {

// What goes before the bytes of a checkpoint; the answer is one byte, not zero if it is kept.
struct CopyHeader {
  int64_t global_step = 0;
  int64_t num_bytes = 0;
};

// In a thread of its own. Where the other host is slower than checkpoints come, only the newest is
// sent. Thread-safe.
class CheckpointSender {
 public:
  // `on_note` is told in one line, in another thread, when copies are no longer kept.
  CheckpointSender(std::unique_ptr<Connection> connection,
                   std::function<void(const std::string& line)> on_note);
  // Sends what is waiting first; some seconds at most.
  ~CheckpointSender();
  CheckpointSender(const CheckpointSender&) = delete;
  CheckpointSender& operator=(const CheckpointSender&) = delete;

  // Has the file of this step sent; it may be gone by then. Returns at once.
  void Send(int64_t global_step, const std::string& path);

 private:
  absl::Status SendNewest();
  absl::Status SendBytes(int64_t global_step, const std::string& bytes);

  const std::unique_ptr<Connection> connection_;
  const std::function<void(const std::string& line)> on_note_;
  std::mutex mutex_;
  int64_t newest_step_ = 0;  // guarded by mutex_
  std::string newest_path_;  // guarded by mutex_; "": it was sent
  bool lost_ = false;        // the executor's
  SerialExecutor executor_;  // last: its tasks use all of the above
};

}  // namespace convoy::replicate
