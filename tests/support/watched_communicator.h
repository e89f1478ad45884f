// A communicator for tests that does not wait for ever: a watchdog ends the test, naming the rank,
// its collective and who is missing, where ctest's time-out would say nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "worker/comm/observed_communicator.h"

namespace convoy::testing {

// What a rank is doing, as all ranks see it. Lies in shared memory, also between processes.
struct RankActivity {
  static constexpr int kLeft = -1;  // the rank has left the test

  std::atomic<int64_t> calls;        // collectives begun
  std::atomic<int32_t> operation;    // the last one, a Collective plus one; 0: none; or kLeft
  std::atomic<int32_t> waiting;      // whether it has not returned
  std::atomic<int64_t> since_nanos;  // when it began, by the steady clock
};

// Says in the activities when a call begins and ends.
class WatchedCommunicator : private comm::CollectiveObserver, public comm::ObservedCommunicator {
 public:
  // `activities` [world_size] is what all ranks see, zero at first. Both must outlive this.
  WatchedCommunicator(comm::Communicator& wrapped, RankActivity* activities)
      : ObservedCommunicator(wrapped, static_cast<CollectiveObserver&>(*this)),
        activity_(activities[wrapped.rank()]) {}
  // The rank leaves: whoever still waits for it is told so.
  ~WatchedCommunicator() override { activity_.operation = RankActivity::kLeft; }

 private:
  void OnBegin(comm::Collective call) override;
  void OnEnd(comm::Collective call) override { activity_.waiting = 0; }

  RankActivity& activity_;
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
