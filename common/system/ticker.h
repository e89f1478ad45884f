// Something that is done again and again, on a thread of its own.
#pragma once

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/steady_condition.h"

namespace convoy {

class Ticker {
 public:
  // Calls `tick` at once and then every `interval`, whoever sets the clock.
  Ticker(absl::Duration interval, std::function<void()> tick);
  // Waits for a call under way; a pause just ends.
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  // Returns whether to go on.
  bool Pause(absl::Duration interval);

  absl::Mutex mutex_;
  SteadyCondition changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace convoy
