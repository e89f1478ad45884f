// A communicator that tells somebody of its collective calls, for those who look for ranks that do
// not come.
#pragma once

#include <memory>

#include "worker/comm/communicator.h"

namespace convoy::comm {

// The calls in which a rank may have to wait for others. kWait is that of a PendingSum, whose start
// is kStartAllReduceSum.
enum class Collective {
  kBarrier,
  kBroadcast,
  kAllGather,
  kAllToAll,
  kAllGatherParts,
  kGatherParts,
  kStartAllReduceSum,
  kWait,
  kShareFromRoot,
  kAllocateShared,
};
inline constexpr size_t kCollectives = 10;

// Is told by the rank's own thread. Must not take memory, as calls that do not are counted on.
class CollectiveObserver {
 public:
  virtual void OnBegin(Collective call) = 0;
  virtual void OnEnd(Collective call) = 0;

 protected:
  ~CollectiveObserver() = default;
};

// Passes every call on. Thread-compatible, as the communicator that it wraps.
class ObservedCommunicator : public Communicator {
 public:
  // Both must outlive this, and the sums that are under way.
  ObservedCommunicator(Communicator& wrapped, CollectiveObserver& observer)
      : wrapped_(wrapped), observer_(observer) {}

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
  absl::StatusOr<std::unique_ptr<PendingSum>> StartAllReduceSum(float* inout, int64_t n) override;
  absl::StatusOr<std::unique_ptr<SharedBytes>> ShareFromRoot(const Pieces& pieces,
                                                             int64_t num_bytes) override;
  absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateShared(int64_t num_bytes) override;

 private:
  Communicator& wrapped_;
  CollectiveObserver& observer_;
};

}  // namespace convoy::comm
