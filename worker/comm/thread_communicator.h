// Ranks that are threads of one process: --local-ranks and most tests.
#pragma once

#include <barrier>
#include <memory>
#include <vector>

#include "worker/comm/communicator.h"

namespace convoy::comm {

// What the ranks of one process share. Thread-safe. Must outlive its communicators.
class ThreadWorld {
 public:
  explicit ThreadWorld(int world_size);

  int world_size() const { return static_cast<int>(slots_.size()); }

  // Returns the communicator of `rank`, for the one thread that is this rank.
  std::unique_ptr<Communicator> MakeCommunicator(int rank);

 private:
  friend class ThreadCommunicator;

  // What a rank shows to the others between two barriers.
  struct Slot {
    const void* send = nullptr;
    std::span<const int64_t> counts;
    std::span<const int64_t> offsets;
  };

  std::vector<Slot> slots_;
  std::barrier<> barrier_;
};

}  // namespace convoy::comm
