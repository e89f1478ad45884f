// Where a rank stands, as the other ranks of the job can see it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "common/i18n/message.h"

namespace convoy::watch {

enum class Phase : int32_t { kStart, kStep, kValidation, kCheckpoint, kTest, kEnd, kGone };
inline constexpr size_t kPhases = 7;

// A copy of a board. Plain bytes: it travels in beats.
struct RankState {
  int64_t pulse = 0;             // counts up while the process runs, whatever it does
  int64_t collectives = 0;       // collective calls begun since the start
  int64_t first_collective = 0;  // their number when the phase began
  int64_t step = 0;              // in progress, from 1; the last one after its end
  Phase phase = Phase::kStart;
  int32_t waiting = 0;  // in a collective call

  // All but the pulse: what changes when the rank gets on.
  bool SamePlace(const RankState& other) const;
};

// One rank's state in memory that other processes see. Only its rank writes it (or, for ranks of
// other hosts, who hears their beats). Members are read one by one: who looks twice and sees the
// same saw what was.
struct alignas(64) RankBoard {
  std::atomic<int64_t> pulse;
  std::atomic<int64_t> collectives;
  std::atomic<int64_t> first_collective;
  std::atomic<int64_t> step;
  std::atomic<int32_t> phase;
  std::atomic<int32_t> waiting;

  RankState Read() const;
  void Write(const RankState& state);
};
static_assert(std::atomic<int64_t>::is_always_lock_free);

// Where the rank is: "forward and backward", "exchange", "update", "validation", ...
i18n::Message PlaceOf(const RankState& state);

// What the ranks are to come to: "step 158", "the validation after step 157", ...
i18n::Message MeetingOf(const RankState& state);

}  // namespace convoy::watch
