#include "worker/step/step_cost.h"

#include <algorithm>
#include <cstddef>

#include "absl/functional/function_ref.h"
#include "worker/step/message_sizes.h"

namespace convoy::step {
namespace {

// When each rank is done with what it does.
using Moments = std::vector<double>;

class Simulation {
 public:
  Simulation(const ShardingPlan& sharding, const BatchPartition& batch, const Machines& machines)
      : sharding_(sharding),
        batch_(batch),
        machines_(machines),
        sizes_(sharding),
        ranks_(sharding.world_size()),
        sent_(static_cast<size_t>(ranks_)),
        sharers_(static_cast<size_t>(ranks_)) {
    for (size_t rank = 0; rank < sharers_.size(); ++rank) {
      const auto& hosts = machines.host_of_rank;
      sharers_[rank] = static_cast<double>(std::count(hosts.begin(), hosts.end(), hosts[rank]));
    }
  }

  StepCost Run() {
    Moments done = Compute();
    const Moments update = Update();
    StepCost cost;
    for (size_t rank = 0; rank < done.size(); ++rank) {
      cost.compute_seconds = std::max(cost.compute_seconds, done[rank] + update[rank]);
    }
    done = Exchange(done, [&](int sender, int owner) {
      return sizes_.Scattered(batch_, sender, owner) * static_cast<int64_t>(sizeof(float));
    });
    for (size_t rank = 0; rank < done.size(); ++rank) done[rank] += update[rank];
    done = Exchange(done, [&](int owner, int) {
      return sizes_.Gathered(owner) * static_cast<int64_t>(sizeof(float));
    });
    cost.seconds = *std::max_element(done.begin(), done.end());
    cost.sent = sent_;
    return cost;
  }

 private:
  // The passes of each rank, as long as its thread with the most images.
  Moments Compute() const {
    Moments done;
    for (int rank = 0; rank < ranks_; ++rank) {
      int64_t most = 0;
      for (int thread = 0; thread < machines_.threads_of_rank[static_cast<size_t>(rank)];
           ++thread) {
        const Range run = batch_.RunOfThread(rank, thread);
        if (run.empty()) continue;
        most = std::max(most, batch_.ImagesOf(run.end - 1).end - batch_.ImagesOf(run.begin).begin);
      }
      done.push_back(static_cast<double>(most) * machines_.image_seconds);
    }
    return done;
  }

  Moments Update() const {
    Moments seconds;
    for (int rank = 0; rank < ranks_; ++rank) {
      const auto owned = static_cast<double>(TotalSize(sharding_.OwnedBy(rank)));
      seconds.push_back(machines_.update_seconds * owned /
                        static_cast<double>(sharding_.num_parameters()));
    }
    return seconds;
  }

  // An all-to-all that ranks begin at `ready`: in round i rank r sends to r + i and receives from
  // r - i.
  Moments Exchange(Moments ready, absl::FunctionRef<int64_t(int sender, int receiver)> bytes) {
    for (int round = 1; round < ranks_; ++round) {
      Moments done(ready.size());
      for (int rank = 0; rank < ranks_; ++rank) {
        const int to = (rank + round) % ranks_;
        const int from = (rank - round + ranks_) % ranks_;
        const double own = ready[static_cast<size_t>(rank)];
        const double begun = std::max(own, ready[static_cast<size_t>(from)]);
        done[static_cast<size_t>(rank)] = std::max(own + Seconds(rank, to, bytes(rank, to)),
                                                   begun + Seconds(from, rank, bytes(from, rank)));
        if (BetweenHosts(rank, to)) sent_[static_cast<size_t>(rank)] += bytes(rank, to);
      }
      ready = done;
    }
    return ready;
  }

  bool BetweenHosts(int a, int b) const {
    return machines_.host_of_rank[static_cast<size_t>(a)] !=
           machines_.host_of_rank[static_cast<size_t>(b)];
  }

  double Seconds(int from, int to, int64_t bytes) const {
    if (!BetweenHosts(from, to)) return 0;
    return machines_.message_seconds + static_cast<double>(bytes) *
                                           sharers_[static_cast<size_t>(from)] /
                                           machines_.bytes_per_second;
  }

  const ShardingPlan& sharding_;
  const BatchPartition& batch_;
  const Machines& machines_;
  const MessageSizes sizes_;
  const int ranks_;
  std::vector<int64_t> sent_;
  std::vector<double> sharers_;  // ranks on the host of each rank
};

}  // namespace

StepCost CostOfStep(const ShardingPlan& sharding, const BatchPartition& batch,
                    const Machines& machines) {
  return Simulation(sharding, batch, machines).Run();
}

}  // namespace convoy::step
