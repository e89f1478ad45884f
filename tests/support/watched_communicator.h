// A communicator for tests that does not wait for ever: a watchdog ends the test, naming the rank,
// its collective and who is missing, where ctest's time-out would say nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "worker/comm/communicator.h"

namespace convoy::testing {

// What a rank is doing, as all ranks see it. Lies in shared memory, also between processes.
struct RankActivity {
  static constexpr int kLeft = -1;  // the rank has left the test

  std::atomic<int64_t> calls;        // collectives begun
  std::atomic<int32_t> operation;    // the last one, an index into names; or kLeft
  std::atomic<int32_t> waiting;      // whether it has not returned
  std::atomic<int64_t> since_nanos;  // when it began, by the steady clock
};

// Passes every call on, and says in the activities when it begins and ends. Thread-compatible, as
// the communicator that it wraps.
class WatchedCommunicator : public comm::Communicator {
 public:
  // `activities` [world_size] is what all ranks see, zero at first. Both must outlive this.
  WatchedCommunicator(comm::Communicator& wrapped, RankActivity* activities)
      : wrapped_(wrapped), activities_(activities) {}
  // The rank leaves: whoever still waits for it is told so.
  ~WatchedCommunicator() override;

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
  class Call;
  class Sum;

  comm::Communicator& wrapped_;
  RankActivity* const activities_;
};

// Looks at the ranks of a test, in a thread of its own. Ends the program where one waits in vain.
class Watchdog {
 public:
  struct Options {
    // A collective that takes longer ends the test. Longer than any rank computes between two.
    std::chrono::milliseconds limit = std::chrono::seconds(60);
    // How long a rank may wait for one that has left: it may be on its way to the end itself.
    std::chrono::milliseconds grace = std::chrono::seconds(2);
    void (*end)() = nullptr;  // ends the test, after the message; null: std::_Exit(1)
  };

  // `activities` [world_size] must outlive the watchdog.
  Watchdog(const RankActivity* activities, int world_size, const Options& options);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Watch();
  bool WaitsTooLong(int rank) const;  // takes no memory: there are tests that count
  std::string Describe(int rank) const;

  const RankActivity* const activities_;
  const int world_size_;
  const Options options_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace convoy::testing
