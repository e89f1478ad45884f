// Every rank notes in shared memory which collective it is in, since when, and how many it has
// begun. All ranks make the same collectives in the same order, so those that have begun fewer than
// a rank that waits are the ones that are missing (as the desynchronisation report of PyTorch's
// NCCL watchdog and Horovod's stall inspector tell it).
#include "tests/support/watched_communicator.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace convoy::testing {
namespace {

// In the order of comm::Collective.
constexpr std::array<const char*, comm::kCollectives> kNames = {
    "Barrier",     "Broadcast",         "AllGather",        "AllToAll",      "AllGatherParts",
    "GatherParts", "StartAllReduceSum", "PendingSum::Wait", "ShareFromRoot", "AllocateShared"};

int64_t NowNanos() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::string Name(int32_t operation) {
  if (operation == RankActivity::kLeft) return "the end of its test";
  return operation == 0 ? "none" : kNames[static_cast<size_t>(operation) - 1];
}

}  // namespace

// Waiting for a sum is a part of its collective.
void WatchedCommunicator::OnBegin(comm::Collective call) {
  activity_.operation = static_cast<int32_t>(call) + 1;
  activity_.since_nanos = NowNanos();
  if (call != comm::Collective::kWait) ++activity_.calls;
  activity_.waiting = 1;
}

Watchdog::Watchdog(const RankActivity* activities, int world_size, const Options& options)
    : activities_(activities),
      world_size_(world_size),
      options_(options),
      thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  ending_ = true;
  thread_.join();
}

void Watchdog::Watch() {
  while (!ending_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (int rank = 0; rank < world_size_; ++rank) {
      if (!WaitsTooLong(rank)) continue;
      std::fflush(stdout);
      std::fprintf(stderr, "watchdog: %s\n", Describe(rank).c_str());
      std::fflush(stderr);
      if (options_.end != nullptr) options_.end();
      std::_Exit(1);
    }
  }
}

bool Watchdog::WaitsTooLong(int rank) const {
  const RankActivity& mine = activities_[rank];
  const int64_t calls = mine.calls;
  const std::chrono::nanoseconds waited(NowNanos() - mine.since_nanos);
  if (mine.waiting == 0) return false;
  bool left = false;  // a missing rank
  for (int other = 0; other < world_size_; ++other) {
    const RankActivity& activity = activities_[other];
    left = left || (activity.calls < calls && activity.operation == RankActivity::kLeft);
  }
  return waited > (left ? options_.grace : options_.limit) && calls == mine.calls;
}

std::string Watchdog::Describe(int rank) const {
  const RankActivity& mine = activities_[rank];
  std::vector<std::string> missing;
  for (int other = 0; other < world_size_; ++other) {
    const RankActivity& activity = activities_[other];
    if (activity.calls >= mine.calls) continue;
    missing.push_back(absl::StrCat("rank ", other, " (", activity.calls.load(),
                                   " begun, last: ", Name(activity.operation), ")"));
  }
  const std::chrono::nanoseconds waited(NowNanos() - mine.since_nanos);
  return absl::StrCat(
      "rank ", rank, " has waited ", waited / std::chrono::milliseconds(1), " ms in ",
      Name(mine.operation), ", its collective number ", mine.calls.load(),
      missing.empty() ? "; all ranks have come" : "; missing: ", absl::StrJoin(missing, ", "));
}

}  // namespace convoy::testing
