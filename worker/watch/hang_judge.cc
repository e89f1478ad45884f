#include "worker/watch/hang_judge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace convoy::watch {
namespace {

// Looks come four times a second; after such a gap this process itself had stopped.
constexpr std::chrono::seconds kOwnGap{5};
constexpr int kStepsOfPatience = 20;
// Where nothing was measured: the first step of a large network, a slow disk at the start.
constexpr int kUnmeasured = 20;
// Of those who wait for a stop that was requested.
constexpr int kHurriedSteps = 3;
constexpr int kHurry = 3;

int64_t Seconds(SteadyDuration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

HangJudge::HangJudge(int rank, std::vector<std::string> hosts, SteadyDuration patience)
    : rank_(rank), hosts_(std::move(hosts)), patience_(patience), seen_(hosts_.size()) {}

void HangJudge::Look(const std::vector<RankState>& states, SteadyTime now) {
  const bool anew =
      now - now_ > std::clamp<SteadyDuration>(patience_ / kHurry, kOwnGap / 5, kOwnGap);
  now_ = now;
  for (size_t i = 0; i < seen_.size(); ++i) {
    Seen& seen = seen_[i];
    if (anew || !states[i].SamePlace(seen.state)) seen.moved = now;
    if (anew || states[i].pulse != seen.state.pulse) seen.pulsed = now;
    if (states[i].pulse != 0) seen.heard = true;
    seen.state = states[i];
  }
}

std::optional<Hang> HangJudge::Judge(const PhaseLengths& lengths, bool hurry) const {
  const SteadyDuration patience = hurry ? patience_ / kHurry : patience_;
  const SteadyDuration limit = LimitOf(lengths, hurry);
  const Seen& self = Of(rank_);
  if (self.state.waiting == 0) return JudgeSelf(2 * limit);
  const SteadyDuration waited = now_ - self.moved;
  if (waited <= std::min(patience, limit)) return std::nullopt;
  for (int rank = 0; rank < static_cast<int>(seen_.size()); ++rank) {
    if (IsFrozen(rank, patience)) return Name(rank, /*frozen=*/true);
  }
  if (waited <= limit) return std::nullopt;
  for (int rank = 0; rank < static_cast<int>(seen_.size()); ++rank) {
    if (IsMissing(rank)) return Name(rank, /*frozen=*/false);
  }
  if (waited <= 2 * limit) return std::nullopt;
  Hang hang = {.rank = rank_, .message = Describe(rank_, false), .speaker = rank_};
  absl::StrAppend(&hang.message, "; all ranks wait there, so the network or MPI is stuck");
  return hang;
}

// Of a rank that does not wait for others: they will name it, but there may be no others.
std::optional<Hang> HangJudge::JudgeSelf(SteadyDuration limit) const {
  if (Of(rank_).state.phase == Phase::kGone || now_ - Of(rank_).moved <= limit) return std::nullopt;
  return Hang{.rank = rank_, .message = Describe(rank_, false), .speaker = rank_};
}

SteadyDuration HangJudge::InPlaceSince(int rank) const { return now_ - Of(rank).moved; }

bool HangJudge::IsFrozen(int rank, SteadyDuration patience) const {
  const Seen& seen = Of(rank);
  return rank != rank_ && seen.heard && seen.state.phase != Phase::kGone &&
         now_ - seen.pulsed > patience;
}

// Whether the rank has not come to the collective call in which this one waits.
bool HangJudge::IsMissing(int rank) const {
  const RankState& mine = Of(rank_).state;
  const Seen& its = Of(rank);
  if (rank == rank_) return false;
  if (!its.heard) return true;
  return its.state.collectives < mine.collectives ||
         (its.state.collectives == mine.collectives && its.state.waiting == 0);
}

SteadyDuration HangJudge::LimitOf(const PhaseLengths& lengths, bool hurry) const {
  const RankState& mine = Of(rank_).state;
  const SteadyDuration unmeasured = patience_ * kUnmeasured;
  if (mine.phase != Phase::kStep) {
    const SteadyDuration longest = lengths.longest[static_cast<size_t>(mine.phase)];
    return std::max(unmeasured, kStepsOfPatience * longest);
  }
  if (lengths.step == SteadyDuration::zero()) return unmeasured;
  return hurry ? std::max(patience_ / kHurry, kHurriedSteps * lengths.step)
               : std::max(patience_, kStepsOfPatience * lengths.step);
}

std::string HangJudge::Describe(int rank, bool frozen) const {
  const Seen& its = Of(rank);
  const std::string name = absl::StrCat("rank ", rank, " on ", hosts_[static_cast<size_t>(rank)]);
  const std::string meeting = MeetingOf(Of(rank_).state);
  if (!its.heard) {
    return absl::StrCat(name, " has not come to ", meeting, ": nothing was ever heard of it here");
  }
  if (rank == rank_ && its.state.waiting == 0) {
    return absl::StrCat(name, " does not get on in ", meeting, ": in ", PlaceOf(its.state),
                        " since ", Seconds(now_ - its.moved), " s");
  }
  return absl::StrCat(name, " has not come to ", meeting, ": in ", PlaceOf(its.state), " since ",
                      Seconds(now_ - its.moved), " s",
                      frozen ? "; its process does not run (stopped, swapped out, or its host is "
                               "cut off)"
                             : "");
}

Hang HangJudge::Name(int rank, bool frozen) const {
  Hang hang = {.rank = rank, .message = Describe(rank, frozen), .speaker = rank_};
  for (int speaker = rank_; speaker >= 0; --speaker) {
    const Seen& seen = Of(speaker);
    if (speaker != rank && seen.heard && !IsFrozen(speaker, patience_ / kHurry)) {
      hang.speaker = speaker;
    }
  }
  return hang;
}

}  // namespace convoy::watch
