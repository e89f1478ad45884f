// Whether the coordinator would answer somebody now: the same truth for gRPC's health service,
// /healthz and the Open Inference Protocol's readiness.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/base/serial_executor.h"

namespace convoy::coordinator {

// Thread-safe.
class Health {
 public:
  using Clock = std::chrono::steady_clock;

  // `probe` is what must work. It is called here, and then by Look on a thread of its own, never
  // twice at a time, however long it hangs; it may take `patience`.
  explicit Health(std::function<absl::Status()> probe,
                  Clock::duration patience = std::chrono::seconds(2));

  // Begins to ask again if the last answer is here, and returns whether all is well: the last one
  // was good, and none has been due for longer than the patience.
  bool Look();

  // What Look returned last.
  bool serving() const { return serving_; }

 private:
  const std::function<absl::Status()> probe_;
  const Clock::duration patience_;
  absl::Mutex mutex_;
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  bool good_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point asked_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> serving_;
  SerialExecutor asker_;  // last: its task uses the above
};

}  // namespace convoy::coordinator
