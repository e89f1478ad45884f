// SIGTERM and SIGINT end the coordinator, in order or at least in time.
#pragma once

#include <thread>

#include "absl/time/time.h"

namespace convoy::coordinator {

// By a handler, not by a mask: whichever thread a signal comes to, also one of a library that
// started it before anybody could mask anything, it is heard. One that was ignored before stays so.
// One object a process.
class StopSignals {
 public:
  // From the first signal on the process has `time` to end in order; then it ends all the same,
  // with exit code 1, whatever hangs: what was acknowledged is on the disk. A second signal, half a
  // second after the first or later, ends it at once, as that signal does by itself.
  explicit StopSignals(absl::Duration time);
  // From here on the signals end the process at once.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns when the first signal has come.
  void Await() const;

 private:
  std::thread watchdog_;
};

}  // namespace convoy::coordinator
