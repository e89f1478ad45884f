#include "worker/watch/watched_communicator.h"

#include <utility>

#include "common/base/status.h"

namespace convoy::watch {
namespace {

// On the board as long as a call lasts.
class Call {
 public:
  explicit Call(RankBoard& board) : board_(board) {
    board_.collectives.fetch_add(1, std::memory_order_relaxed);
    board_.waiting.store(1, std::memory_order_relaxed);
  }
  ~Call() { board_.waiting.store(0, std::memory_order_relaxed); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  RankBoard& board_;
};

// Starting the sum waits for nobody; Wait does.
class WatchedSum : public comm::PendingSum {
 public:
  WatchedSum(std::unique_ptr<comm::PendingSum> sum, RankBoard& board)
      : sum_(std::move(sum)), board_(board) {}
  absl::Status Progress() override { return sum_->Progress(); }
  absl::Status Wait() override {
    const Call call(board_);
    return sum_->Wait();
  }

 private:
  std::unique_ptr<comm::PendingSum> sum_;
  RankBoard& board_;
};

}  // namespace

absl::Status WatchedCommunicator::Barrier() {
  const Call call(board_);
  return wrapped_.Barrier();
}

absl::Status WatchedCommunicator::Broadcast(void* data, int64_t num_bytes, int root) {
  const Call call(board_);
  return wrapped_.Broadcast(data, num_bytes, root);
}

absl::Status WatchedCommunicator::AllGather(const void* send, int64_t num_bytes, void* recv) {
  const Call call(board_);
  return wrapped_.AllGather(send, num_bytes, recv);
}

absl::Status WatchedCommunicator::AllToAll(const float* send, std::span<const int64_t> send_counts,
                                           std::span<const int64_t> send_offsets, float* recv,
                                           std::span<const int64_t> recv_counts,
                                           std::span<const int64_t> recv_offsets) {
  const Call call(board_);
  return wrapped_.AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
}

absl::Status WatchedCommunicator::AllGatherParts(float* inout, std::span<const int64_t> counts,
                                                 std::span<const int64_t> offsets) {
  const Call call(board_);
  return wrapped_.AllGatherParts(inout, counts, offsets);
}

absl::Status WatchedCommunicator::GatherParts(const float* send, float* recv,
                                              std::span<const int64_t> counts,
                                              std::span<const int64_t> offsets, int root) {
  const Call call(board_);
  return wrapped_.GatherParts(send, recv, counts, offsets, root);
}

absl::StatusOr<std::unique_ptr<comm::PendingSum>> WatchedCommunicator::StartAllReduceSum(
    float* inout, int64_t n) {
  CONVOY_ASSIGN_OR_RETURN(auto sum, wrapped_.StartAllReduceSum(inout, n));
  return std::make_unique<WatchedSum>(std::move(sum), board_);
}

absl::StatusOr<std::unique_ptr<comm::SharedBytes>> WatchedCommunicator::ShareFromRoot(
    const void* data, int64_t num_bytes) {
  const Call call(board_);
  return wrapped_.ShareFromRoot(data, num_bytes);
}

absl::StatusOr<std::unique_ptr<comm::SharedBytes>> WatchedCommunicator::AllocateShared(
    int64_t num_bytes) {
  const Call call(board_);
  return wrapped_.AllocateShared(num_bytes);
}

}  // namespace convoy::watch
