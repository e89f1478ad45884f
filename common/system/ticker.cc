#include "common/system/ticker.h"

#include <utility>

#include "common/system/moment.h"

namespace convoy {

Ticker::Ticker(absl::Duration interval, std::function<void()> tick)
    : thread_([this, interval, tick = std::move(tick)] {
        do {
          tick();
        } while (Pause(interval));
      }) {}

Ticker::~Ticker() {
  {
    const absl::MutexLock lock(&mutex_);
    done_ = true;
  }
  changed_.SignalAll();
  thread_.join();
}

bool Ticker::Pause(absl::Duration interval) {
  const absl::Duration end = Moment::SteadyNow() + interval;
  const absl::MutexLock lock(&mutex_);
  for (;;) {
    const absl::Duration left = end - Moment::SteadyNow();
    if (done_ || left <= absl::ZeroDuration()) return !done_;
    changed_.WaitFor(&mutex_, left);
  }
}

}  // namespace convoy
