// A condition variable whose waits end in time whoever sets the clock. Those of absl::Mutex end by
// the wall clock, so that one set back by an hour makes them an hour longer.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace convoy {

// Thread-safe.
class SteadyCondition {
 public:
  void Signal() { changed_.notify_one(); }
  void SignalAll() { changed_.notify_all(); }

  // Gives up `mutex`, which the caller holds, until it is signalled or `timeout` is over, or for no
  // reason; then takes it again.
  void WaitFor(absl::Mutex* mutex, absl::Duration timeout) {
    Lockable lockable{mutex};
    // Within what a clock of nanoseconds can add.
    const absl::Duration bounded = std::min(timeout, absl::Hours(24));
    changed_.wait_until(lockable,
                        std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(bounded));
  }

 private:
  // The names of the standard for an absl::Mutex.
  struct Lockable {
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }
    absl::Mutex* mutex;
  };

  std::condition_variable_any changed_;
};

}  // namespace convoy
