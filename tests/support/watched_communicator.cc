// Every rank notes in shared memory which collective it is in, since when, and how many it has
// begun. All ranks make the same collectives in the same order, so those that have begun fewer than
// a rank that waits are the ones that are missing (as the desynchronisation report of PyTorch's
// NCCL watchdog and Horovod's stall inspector tell it).
#include "tests/support/watched_communicator.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace convoy::testing {
namespace {

enum Operation {
  kNone,
  kBarrier,
  kBroadcast,
  kAllGather,
  kAllToAll,
  kAllGatherParts,
  kGatherParts,
  kAllReduceSum,
  kShareFromRoot,
  kAllocateShared,
  kWait
};

constexpr std::array<const char*, 11> kNames = {
    "none",          "Barrier",        "Broadcast",       "AllGather",
    "AllToAll",      "AllGatherParts", "GatherParts",     "StartAllReduceSum",
    "ShareFromRoot", "AllocateShared", "PendingSum::Wait"};
static_assert(kNames.size() == kWait + 1);

int64_t NowNanos() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::string Name(int32_t operation) {
  return operation == RankActivity::kLeft ? "the end of its test"
                                          : kNames[static_cast<size_t>(operation)];
}

}  // namespace

// One collective, from its begin to its end.
class WatchedCommunicator::Call {
 public:
  Call(RankActivity& activity, Operation operation) : activity_(activity) {
    activity_.operation = operation;
    activity_.since_nanos = NowNanos();
    if (operation != kWait) ++activity_.calls;
    activity_.waiting = 1;
  }
  ~Call() { activity_.waiting = 0; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  RankActivity& activity_;
};

// A sum under way: waiting for it is a part of its collective.
class WatchedCommunicator::Sum : public comm::PendingSum {
 public:
  Sum(RankActivity& activity, std::unique_ptr<comm::PendingSum> wrapped)
      : activity_(activity), wrapped_(std::move(wrapped)) {}
  absl::Status Progress() override { return wrapped_->Progress(); }
  absl::Status Wait() override {
    const Call call(activity_, kWait);
    return wrapped_->Wait();
  }

 private:
  RankActivity& activity_;
  std::unique_ptr<comm::PendingSum> wrapped_;
};

WatchedCommunicator::~WatchedCommunicator() { activities_[rank()].operation = RankActivity::kLeft; }

absl::Status WatchedCommunicator::Barrier() {
  const Call call(activities_[rank()], kBarrier);
  return wrapped_.Barrier();
}

absl::Status WatchedCommunicator::Broadcast(void* data, int64_t num_bytes, int root) {
  const Call call(activities_[rank()], kBroadcast);
  return wrapped_.Broadcast(data, num_bytes, root);
}

absl::Status WatchedCommunicator::AllGather(const void* send, int64_t num_bytes, void* recv) {
  const Call call(activities_[rank()], kAllGather);
  return wrapped_.AllGather(send, num_bytes, recv);
}

absl::Status WatchedCommunicator::AllToAll(const float* send, std::span<const int64_t> send_counts,
                                           std::span<const int64_t> send_offsets, float* recv,
                                           std::span<const int64_t> recv_counts,
                                           std::span<const int64_t> recv_offsets) {
  const Call call(activities_[rank()], kAllToAll);
  return wrapped_.AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
}

absl::Status WatchedCommunicator::AllGatherParts(float* inout, std::span<const int64_t> counts,
                                                 std::span<const int64_t> offsets) {
  const Call call(activities_[rank()], kAllGatherParts);
  return wrapped_.AllGatherParts(inout, counts, offsets);
}

absl::Status WatchedCommunicator::GatherParts(const float* send, float* recv,
                                              std::span<const int64_t> counts,
                                              std::span<const int64_t> offsets, int root) {
  const Call call(activities_[rank()], kGatherParts);
  return wrapped_.GatherParts(send, recv, counts, offsets, root);
}

absl::StatusOr<std::unique_ptr<comm::PendingSum>> WatchedCommunicator::StartAllReduceSum(
    float* inout, int64_t n) {
  const Call call(activities_[rank()], kAllReduceSum);
  CONVOY_ASSIGN_OR_RETURN(auto sum, wrapped_.StartAllReduceSum(inout, n));
  return std::make_unique<Sum>(activities_[rank()], std::move(sum));
}

absl::StatusOr<std::unique_ptr<comm::SharedBytes>> WatchedCommunicator::ShareFromRoot(
    const void* data, int64_t num_bytes) {
  const Call call(activities_[rank()], kShareFromRoot);
  return wrapped_.ShareFromRoot(data, num_bytes);
}

absl::StatusOr<std::unique_ptr<comm::SharedBytes>> WatchedCommunicator::AllocateShared(
    int64_t num_bytes) {
  const Call call(activities_[rank()], kAllocateShared);
  return wrapped_.AllocateShared(num_bytes);
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
