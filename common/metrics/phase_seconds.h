// Where a rank's time goes. Never part of a result.
#pragma once

#include <array>

namespace convoy::metrics {

// Seconds by phase of training. `wait` is what a rank spends until its peers' (and its own
// threads') parts are there, the transfer included.
struct PhaseSeconds {
  double data = 0;
  double forward = 0;
  double backward = 0;
  double reduce = 0;
  double update = 0;
  double wait = 0;

  PhaseSeconds& operator+=(const PhaseSeconds& other) {
    data += other.data;
    forward += other.forward;
    backward += other.backward;
    reduce += other.reduce;
    update += other.update;
    wait += other.wait;
    return *this;
  }
};

// The phases' names, in the order of the struct: summary.json's keys.
inline constexpr std::array<const char*, 6> kPhaseNames = {"data",   "forward", "backward",
                                                           "reduce", "update",  "wait"};

}  // namespace convoy::metrics
