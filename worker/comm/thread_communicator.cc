// Collectives between threads of one process, without a queue or a lock: all meet at a barrier,
// read one another's arrays where they stand, and meet again.
#include "worker/comm/thread_communicator.h"

#include <cstring>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"

namespace convoy::comm {
namespace {

class SharedPointer : public SharedBytes {
 public:
  explicit SharedPointer(std::shared_ptr<AlignedBuffer<uint8_t>> bytes)
      : bytes_(std::move(bytes)) {}
  uint8_t* data() const override { return bytes_->data(); }
  int64_t size() const override { return static_cast<int64_t>(bytes_->size()); }

 private:
  std::shared_ptr<AlignedBuffer<uint8_t>> bytes_;
};

class FinishedSum : public PendingSum {
 public:
  absl::Status Progress() override { return absl::OkStatus(); }
  absl::Status Wait() override { return absl::OkStatus(); }
};

void Copy(void* dst, const void* src, int64_t num_bytes) {
  if (num_bytes > 0 && dst != src) std::memcpy(dst, src, static_cast<size_t>(num_bytes));
}

}  // namespace

// Every collective call has the same form: show one's array, meet, read the others' arrays, meet
// again before anybody changes his.
class ThreadCommunicator : public Communicator {
 public:
  ThreadCommunicator(ThreadWorld* world, int rank) : world_(*world), rank_(rank) {}

  int rank() const override { return rank_; }
  int world_size() const override { return world_.world_size(); }
  int local_size() const override { return world_.world_size(); }

  absl::Status Barrier() override {
    world_.barrier_.arrive_and_wait();
    return absl::OkStatus();
  }

  absl::Status Broadcast(void* data, int64_t num_bytes, int root) override {
    Show(data);
    if (rank_ != root) Copy(data, Slot(root).send, num_bytes);
    return Barrier();
  }

  absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) override {
    Show(send);
    for (int r = 0; r < world_size(); ++r) {
      Copy(static_cast<char*>(recv) + r * num_bytes, Slot(r).send, num_bytes);
    }
    return Barrier();
  }

  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override {
    Show(send, send_counts, send_offsets);
    const auto self = static_cast<size_t>(rank_);
    for (int r = 0; r < world_size(); ++r) {
      const ThreadWorld::Slot& slot = Slot(r);
      const auto from = static_cast<size_t>(r);
      CONVOY_CHECK_EQ(slot.counts[self], recv_counts[from]);
      Copy(recv + recv_offsets[from], static_cast<const float*>(slot.send) + slot.offsets[self],
           recv_counts[from] * static_cast<int64_t>(sizeof(float)));
    }
    return Barrier();
  }

  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override {
    Show(inout);
    for (int r = 0; r < world_size(); ++r) {
      const auto part = static_cast<size_t>(r);
      Copy(inout + offsets[part], static_cast<const float*>(Slot(r).send) + offsets[part],
           counts[part] * static_cast<int64_t>(sizeof(float)));
    }
    return Barrier();
  }

  absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                           std::span<const int64_t> offsets, int root) override {
    Show(send);
    if (rank_ == root) {
      for (int r = 0; r < world_size(); ++r) {
        const auto part = static_cast<size_t>(r);
        Copy(recv + offsets[part], Slot(r).send,
             counts[part] * static_cast<int64_t>(sizeof(float)));
      }
    }
    return Barrier();
  }

  absl::StatusOr<std::unique_ptr<PendingSum>> StartAllReduceSum(float* inout, int64_t n) override {
    const std::vector<float> mine(inout, inout + n);
    Show(mine.data());
    for (int64_t i = 0; i < n; ++i) {
      float sum = 0;
      for (int r = 0; r < world_size(); ++r) sum += static_cast<const float*>(Slot(r).send)[i];
      inout[i] = sum;
    }
    world_.barrier_.arrive_and_wait();
    return std::make_unique<FinishedSum>();
  }

  absl::StatusOr<std::unique_ptr<SharedBytes>> ShareFromRoot(const Pieces& pieces,
                                                             int64_t num_bytes) override {
    std::unique_ptr<SharedBytes> shared = MakeShared(num_bytes);
    if (rank_ == 0) CopyPieces(pieces, shared.get());
    world_.barrier_.arrive_and_wait();
    return shared;
  }

  absl::StatusOr<std::unique_ptr<SharedBytes>> AllocateShared(int64_t num_bytes) override {
    return MakeShared(num_bytes);
  }

 private:
  std::unique_ptr<SharedBytes> MakeShared(int64_t num_bytes) {
    using Bytes = std::shared_ptr<AlignedBuffer<uint8_t>>;
    Bytes bytes;
    if (rank_ == 0) {
      bytes = std::make_shared<AlignedBuffer<uint8_t>>(static_cast<size_t>(num_bytes));
    }
    Show(&bytes);
    Bytes copy = *static_cast<const Bytes*>(Slot(0).send);
    world_.barrier_.arrive_and_wait();
    return std::make_unique<SharedPointer>(std::move(copy));
  }

  ThreadWorld::Slot& Slot(int rank) { return world_.slots_[static_cast<size_t>(rank)]; }

  void Show(const void* send, std::span<const int64_t> counts = {},
            std::span<const int64_t> offsets = {}) {
    Slot(rank_) = {.send = send, .counts = counts, .offsets = offsets};
    world_.barrier_.arrive_and_wait();
  }

  ThreadWorld& world_;
  int rank_;
};

ThreadWorld::ThreadWorld(int world_size)
    : slots_(static_cast<size_t>(world_size)), barrier_(world_size) {
  CONVOY_CHECK_GE(world_size, 1);
}

std::unique_ptr<Communicator> ThreadWorld::MakeCommunicator(int rank) {
  return std::make_unique<ThreadCommunicator>(this, rank);
}

}  // namespace convoy::comm
