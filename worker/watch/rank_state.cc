#include "worker/watch/rank_state.h"

namespace convoy::watch {

using i18n::MakeMessage;
using i18n::Message;

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

Message PlaceOf(const RankState& state) {
  switch (state.phase) {
    case Phase::kStart:
      return MakeMessage("the start");
    case Phase::kStep:
      if (state.waiting != 0) return MakeMessage("the exchange");
      return state.collectives == state.first_collective ? MakeMessage("forward and backward")
                                                         : MakeMessage("the update");
    case Phase::kValidation:
      return MakeMessage("the validation");
    case Phase::kCheckpoint:
      return MakeMessage("the checkpoint");
    case Phase::kTest:
      return MakeMessage("the test");
    case Phase::kEnd:
    case Phase::kGone:
      return MakeMessage("the end");
  }
  return MakeMessage("an unknown phase");
}

Message MeetingOf(const RankState& state) {
  switch (state.phase) {
    case Phase::kStep:
      return MakeMessage("step $0", state.step);
    case Phase::kValidation:
    case Phase::kCheckpoint:
      return MakeMessage("$0 after step $1", PlaceOf(state), state.step);
    default:
      return PlaceOf(state);
  }
}

}  // namespace convoy::watch
