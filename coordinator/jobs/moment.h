// A moment by two clocks: one that people read, one that nobody sets.
#pragma once

#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace convoy::coordinator {

struct Moment {
  absl::Time wall;        // for people alone: it may be set forward and back
  absl::Duration steady;  // since some moment before; how long things take is a difference of these

  static Moment Now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return {.wall = absl::Now(), .steady = absl::FromChrono(since)};
  }
};

}  // namespace convoy::coordinator
