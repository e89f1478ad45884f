#include "worker/watch/hang_judge.h"

#include <algorithm>
#include <utility>

#include "common/run/hang_texts.h"

namespace convoy::watch {
namespace {

using i18n::MakeMessage;

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
  return Hang{.rank = rank_,
              .message = MakeMessage("$0; all ranks wait there, so the network or MPI is stuck",
                                     Describe(rank_, false)),
              .speaker = rank_};
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

i18n::Message HangJudge::Describe(int rank, bool frozen) const {
  const Seen& its = Of(rank);
  const std::string& host = hosts_[static_cast<size_t>(rank)];
  const i18n::Message meeting = MeetingOf(Of(rank_).state);
  if (!its.heard) return MakeMessage(run::kRankIsUnheardOf, rank, host, meeting);
  const i18n::Message place = PlaceOf(its.state);
  const int64_t seconds = Seconds(now_ - its.moved);
  if (rank == rank_ && its.state.waiting == 0) {
    return MakeMessage("rank $0 on $1 does not get on in $2: in $3 since $4 s", rank, host, meeting,
                       place, seconds);
  }
  return MakeMessage(frozen ? run::kRankIsFrozen : run::kRankIsLate, rank, host, meeting, place,
                     seconds);
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
