#include "tests/support/thread_ranks.h"

#include <thread>
#include <vector>

#include "worker/comm/thread_communicator.h"

namespace convoy::testing {

void RunRanks(int world_size, absl::FunctionRef<void(comm::Communicator&)> run,
              const Watchdog::Options& options) {
  comm::ThreadWorld world(world_size);
  std::vector<RankActivity> activities(static_cast<size_t>(world_size));
  const Watchdog watchdog(activities.data(), world_size, options);
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < world_size; ++rank) {
    ranks.emplace_back([&, rank] {
      const auto communicator = world.MakeCommunicator(rank);
      WatchedCommunicator watched(*communicator, activities.data());
      run(watched);
    });
  }
  for (std::thread& rank : ranks) rank.join();
}

}  // namespace convoy::testing
