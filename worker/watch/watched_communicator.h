// A communicator that leaves word of each collective call on its rank's board.
#pragma once

#include <memory>

#include "worker/comm/communicator.h"
#include "worker/watch/rank_state.h"

namespace convoy::watch {

// Passes every call on. Thread-compatible, as the communicator that it wraps. Takes no memory of
// its own in calls that do not.
class WatchedCommunicator : public comm::Communicator {
 public:
  // Both must outlive this.
  WatchedCommunicator(comm::Communicator& wrapped, RankBoard& board)
      : wrapped_(wrapped), board_(board) {}

  int rank() const override { return wrapped_.rank(); }
  int world_size() const override { return wrapped_.world_size(); }
  int local_size() const override { return wrapped_.local_size(); }
  absl::Status Barrier() override;
  absl::Status Broadcast(void* data, int64_t num_bytes, int root) override;
  absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) override;
  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override;
  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override;
  absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                           std::span<const int64_t> offsets, int root) override;
  absl::StatusOr<std::unique_ptr<comm::PendingSum>> StartAllReduceSum(float* inout,
                                                                      int64_t n) override;
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> ShareFromRoot(const void* data,
                                                                   int64_t num_bytes) override;
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> AllocateShared(int64_t num_bytes) override;

 private:
  comm::Communicator& wrapped_;
  RankBoard& board_;
};

}  // namespace convoy::watch
