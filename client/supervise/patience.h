// How often a training is started again: as long as it gets on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "client/supervise/failure.h"
#include "common/i18n/message.h"

namespace convoy::client {

// Counts failures in a row that left no newer checkpoint. A trainer that fails by itself does so
// again at the same step, so it has two tries; what came from outside may pass, so it has more,
// with pauses between. Thread-compatible.
class Patience {
 public:
  explicit Patience(int max_restarts) : max_restarts_(max_restarts) {}

  // Takes in a failure; `checkpoint` is the step of the newest one, 0 if there is none. Returns why
  // there is to be no other start, or nothing.
  std::optional<i18n::Message> Fail(Cause cause, int64_t checkpoint);

  // How long to wait before the next start: not at all after a first failure, then twice as long
  // each time, at most a minute.
  std::chrono::milliseconds Pause() const;

  // How many starts there were after the first.
  int restarts() const { return restarts_; }

 private:
  const int max_restarts_;
  int restarts_ = 0;
  int failures_ = 0;            // without a newer checkpoint
  int failures_by_itself_ = 0;  // those of them that were of the trainer
  int64_t checkpoint_ = 0;      // the newest that there has been
};

}  // namespace convoy::client
