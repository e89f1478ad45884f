#include "worker/watch/rank_state.h"

#include "absl/strings/str_cat.h"

namespace convoy::watch {

bool RankState::SamePlace(const RankState& other) const {
  return collectives == other.collectives && first_collective == other.first_collective &&
         step == other.step && phase == other.phase && waiting == other.waiting;
}

RankState RankBoard::Read() const {
  return {.pulse = pulse.load(std::memory_order_relaxed),
          .collectives = collectives.load(std::memory_order_relaxed),
          .first_collective = first_collective.load(std::memory_order_relaxed),
          .step = step.load(std::memory_order_relaxed),
          .phase = static_cast<Phase>(phase.load(std::memory_order_relaxed)),
          .waiting = waiting.load(std::memory_order_relaxed)};
}

void RankBoard::Write(const RankState& state) {
  collectives.store(state.collectives, std::memory_order_relaxed);
  first_collective.store(state.first_collective, std::memory_order_relaxed);
  step.store(state.step, std::memory_order_relaxed);
  phase.store(static_cast<int32_t>(state.phase), std::memory_order_relaxed);
  waiting.store(state.waiting, std::memory_order_relaxed);
  pulse.store(state.pulse, std::memory_order_relaxed);
}

std::string PlaceOf(const RankState& state) {
  switch (state.phase) {
    case Phase::kStart:
      return "the start";
    case Phase::kStep:
      if (state.waiting != 0) return "the exchange";
      return state.collectives == state.first_collective ? "forward and backward" : "the update";
    case Phase::kValidation:
      return "the validation";
    case Phase::kCheckpoint:
      return "the checkpoint";
    case Phase::kTest:
      return "the test";
    case Phase::kEnd:
    case Phase::kGone:
      return "the end";
  }
  return "an unknown phase";
}

std::string MeetingOf(const RankState& state) {
  switch (state.phase) {
    case Phase::kStep:
      return absl::StrCat("step ", state.step);
    case Phase::kValidation:
    case Phase::kCheckpoint:
      return absl::StrCat(PlaceOf(state), " after step ", state.step);
    default:
      return PlaceOf(state);
  }
}

}  // namespace convoy::watch
