// Wall time, for phases and progress. Never part of a result.
#pragma once

#include <chrono>

namespace convoy {

// Starts when it is made. Thread-compatible.
class Stopwatch {
 public:
  // Returns the seconds since the last Lap, or since the start.
  double Lap() {
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - lap_).count();
    lap_ = now;
    return seconds;
  }

  // Returns the seconds since the start.
  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  Clock::time_point lap_ = start_;
};

}  // namespace convoy
