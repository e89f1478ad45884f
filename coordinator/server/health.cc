#include "coordinator/server/health.h"

#include <utility>

namespace convoy::coordinator {
Health::Health(std::function<absl::Status()> probe, Clock::duration patience)
    : probe_(std::move(probe)), patience_(patience), good_(probe_().ok()), serving_(good_) {}

bool Health::Look() {
  const absl::MutexLock lock(&mutex_);
  const Clock::time_point now = Clock::now();
  serving_ = good_ && !(asking_ && now - asked_ > patience_);
  if (asking_) return serving_;
  asking_ = true;
  asked_ = now;
  asker_.Post([this] {
    const bool good = probe_().ok();
    const absl::MutexLock answered(&mutex_);
    good_ = good;
    asking_ = false;
    return absl::OkStatus();
  });
  return serving_;
}

}  // namespace convoy::coordinator
