#include "worker/comm/observed_communicator.h"

#include <utility>

#include "common/base/status.h"

namespace convoy::comm {
namespace {

// One call, from its begin to its end.
class Call {
 public:
  Call(CollectiveObserver& observer, Collective call) : observer_(observer), call_(call) {
    observer_.OnBegin(call_);
  }
  ~Call() { observer_.OnEnd(call_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  CollectiveObserver& observer_;
  const Collective call_;
};

class ObservedSum : public PendingSum {
 public:
  ObservedSum(std::unique_ptr<PendingSum> sum, CollectiveObserver& observer)
      : sum_(std::move(sum)), observer_(observer) {}
  absl::Status Progress() override { return sum_->Progress(); }
  absl::Status Wait() override {
    const Call call(observer_, Collective::kWait);
    return sum_->Wait();
  }

 private:
  std::unique_ptr<PendingSum> sum_;
  CollectiveObserver& observer_;
};

}  // namespace

absl::Status ObservedCommunicator::Barrier() {
  const Call call(observer_, Collective::kBarrier);
  return wrapped_.Barrier();
}

absl::Status ObservedCommunicator::Broadcast(void* data, int64_t num_bytes, int root) {
  const Call call(observer_, Collective::kBroadcast);
  return wrapped_.Broadcast(data, num_bytes, root);
}

absl::Status ObservedCommunicator::AllGather(const void* send, int64_t num_bytes, void* recv) {
  const Call call(observer_, Collective::kAllGather);
  return wrapped_.AllGather(send, num_bytes, recv);
}

absl::Status ObservedCommunicator::AllToAll(const float* send, std::span<const int64_t> send_counts,
                                            std::span<const int64_t> send_offsets, float* recv,
                                            std::span<const int64_t> recv_counts,
                                            std::span<const int64_t> recv_offsets) {
  const Call call(observer_, Collective::kAllToAll);
  return wrapped_.AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
}

absl::Status ObservedCommunicator::AllGatherParts(float* inout, std::span<const int64_t> counts,
                                                  std::span<const int64_t> offsets) {
  const Call call(observer_, Collective::kAllGatherParts);
  return wrapped_.AllGatherParts(inout, counts, offsets);
}

absl::Status ObservedCommunicator::GatherParts(const float* send, float* recv,
                                               std::span<const int64_t> counts,
                                               std::span<const int64_t> offsets, int root) {
  const Call call(observer_, Collective::kGatherParts);
  return wrapped_.GatherParts(send, recv, counts, offsets, root);
}

absl::StatusOr<std::unique_ptr<PendingSum>> ObservedCommunicator::StartAllReduceSum(float* inout,
                                                                                    int64_t n) {
  const Call call(observer_, Collective::kStartAllReduceSum);
  CONVOY_ASSIGN_OR_RETURN(auto sum, wrapped_.StartAllReduceSum(inout, n));
  return std::make_unique<ObservedSum>(std::move(sum), observer_);
}

absl::StatusOr<std::unique_ptr<SharedBytes>> ObservedCommunicator::ShareFromRoot(
    const Pieces& pieces, int64_t num_bytes) {
  const Call call(observer_, Collective::kShareFromRoot);
  return wrapped_.ShareFromRoot(pieces, num_bytes);
}

absl::StatusOr<std::unique_ptr<SharedBytes>> ObservedCommunicator::AllocateShared(
    int64_t num_bytes) {
  const Call call(observer_, Collective::kAllocateShared);
  return wrapped_.AllocateShared(num_bytes);
}

}  // namespace convoy::comm
