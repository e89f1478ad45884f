// Where a rank's time goes. Never part of a result.
#pragma once

#include <array>
#include <cstddef>

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

  PhaseSeconds& operator+=(const PhaseSeconds& other);
};

struct Phase {
  const char* name;  // in summary.json, in tables and events
  double PhaseSeconds::*seconds;
};

// All phases in the order of a step: those of a rank's own work, then waiting.
inline constexpr std::array<Phase, 6> kPhases = {{{"data", &PhaseSeconds::data},
                                                  {"forward", &PhaseSeconds::forward},
                                                  {"backward", &PhaseSeconds::backward},
                                                  {"reduce", &PhaseSeconds::reduce},
                                                  {"update", &PhaseSeconds::update},
                                                  {"wait", &PhaseSeconds::wait}}};
inline constexpr size_t kWorkPhases = kPhases.size() - 1;

inline PhaseSeconds& PhaseSeconds::operator+=(const PhaseSeconds& other) {
  for (const Phase& phase : kPhases) this->*phase.seconds += other.*phase.seconds;
  return *this;
}

inline PhaseSeconds operator-(PhaseSeconds a, const PhaseSeconds& b) {
  for (const Phase& phase : kPhases) a.*phase.seconds -= b.*phase.seconds;
  return a;
}

}  // namespace convoy::metrics
