// For tests on one machine of what ranks on several hosts do.
#pragma once

#include <memory>

#include "worker/comm/communicator.h"

namespace convoy::testing {

// Says that its ranks are on several hosts, so that they exchange messages.
class SeveralHosts : public comm::Communicator {
 public:
  explicit SeveralHosts(comm::Communicator& wrapped) : wrapped_(wrapped) {}
  int rank() const override { return wrapped_.rank(); }
  int world_size() const override { return wrapped_.world_size(); }
  int local_size() const override { return 0; }
  absl::Status Barrier() override { return wrapped_.Barrier(); }
  absl::Status Broadcast(void* data, int64_t num_bytes, int root) override {
    return wrapped_.Broadcast(data, num_bytes, root);
  }
  absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) override {
    return wrapped_.AllGather(send, num_bytes, recv);
  }
  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override {
    return wrapped_.AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
  }
  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override {
    return wrapped_.AllGatherParts(inout, counts, offsets);
  }
  absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                           std::span<const int64_t> offsets, int root) override {
    return wrapped_.GatherParts(send, recv, counts, offsets, root);
  }
  absl::StatusOr<std::unique_ptr<comm::PendingSum>> StartAllReduceSum(float* inout,
                                                                      int64_t n) override {
    return wrapped_.StartAllReduceSum(inout, n);
  }
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> ShareFromRoot(const comm::Pieces& pieces,
                                                                   int64_t num_bytes) override {
    return wrapped_.ShareFromRoot(pieces, num_bytes);
  }
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> AllocateShared(int64_t num_bytes) override {
    return wrapped_.AllocateShared(num_bytes);
  }

 private:
  comm::Communicator& wrapped_;
};

}  // namespace convoy::testing
