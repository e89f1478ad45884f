// Decides from what is seen of the ranks whether one of them hangs, and which.
//
// A rank whose pulse stands still does not run at all: it was stopped, swapped out, or its host is
// gone. That is certain, so little patience is enough in every phase. One whose process runs but
// that does not come to a meeting may only be slow, so it gets a limit by how long the phase took
// before.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/i18n/message.h"
#include "worker/watch/rank_state.h"

namespace convoy::watch {

using SteadyTime = std::chrono::steady_clock::time_point;
using SteadyDuration = std::chrono::steady_clock::duration;

// How long the phases took on this rank so far.
struct PhaseLengths {
  SteadyDuration step{};  // of a typical step; 0: none was done yet
  std::array<SteadyDuration, kPhases> longest{};
};

struct Hang {
  int rank = 0;           // who hangs, or the judge itself where nobody can be named
  i18n::Message message;  // "rank 1 on pc03 has not come to step 158: in forward and backward since
                          // 31 s"
  int speaker = 0;        // the lowest rank that can say so
};

// One rank's view of all. Thread-compatible: its watchdog's thread makes all calls.
class HangJudge {
 public:
  // `hosts` has every rank's host. `patience`: how long a pulse may stand still, and the least of
  // the other limits; 20 times as long where nothing was measured yet.
  HangJudge(int rank, std::vector<std::string> hosts, SteadyDuration patience);

  // Takes in what is seen now. REQUIRES: states [world_size]; times do not decrease. Who was not
  // called for a while, because its own process was stopped, begins to measure anew.
  void Look(const std::vector<RankState>& states, SteadyTime now);

  // Returns the hang that is certain by now. `hurry`: a stop was requested, so patience is short.
  std::optional<Hang> Judge(const PhaseLengths& lengths, bool hurry) const;

  // Of each rank: how long it has been where it is, as of the last Look.
  SteadyDuration InPlaceSince(int rank) const;

 private:
  struct Seen {
    RankState state;
    SteadyTime moved{};   // when `state` last changed, but for the pulse
    SteadyTime pulsed{};  // when the pulse did
    bool heard = false;   // ever
  };

  const Seen& Of(int rank) const { return seen_[static_cast<size_t>(rank)]; }
  bool IsFrozen(int rank, SteadyDuration patience) const;
  bool IsMissing(int rank) const;
  SteadyDuration LimitOf(const PhaseLengths& lengths, bool hurry) const;
  std::optional<Hang> JudgeSelf(SteadyDuration limit) const;
  i18n::Message Describe(int rank, bool frozen) const;
  Hang Name(int rank, bool frozen) const;

  const int rank_;
  const std::vector<std::string> hosts_;
  const SteadyDuration patience_;
  std::vector<Seen> seen_;
  SteadyTime now_{};
};

}  // namespace convoy::watch
