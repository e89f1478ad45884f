// A moment by two clocks: one that people read, one that nobody sets.
#pragma once

#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace convoy {

struct Moment {
  absl::Time wall;        // for people alone: it may be set forward and back
  absl::Duration steady;  // since some moment before; how long things take is a difference of these

  static Moment Now() { return {.wall = absl::Now(), .steady = SteadyNow()}; }
  static absl::Duration SteadyNow() {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }

  // When, by the steady clock, the wall clock shows `time` if nobody sets it: a caller's deadline.
  absl::Duration SteadyAt(absl::Time time) const { return steady + (time - wall); }
};

}  // namespace convoy
