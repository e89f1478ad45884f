// The sums that a rank's threads make in a step, and how they become the rank's.
#pragma once

#include <vector>

#include "common/base/thread_team.h"
#include "worker/step/batch_partition.h"
#include "worker/step/contribution.h"
#include "worker/step/sharding_plan.h"
#include "worker/step/summation_tree.h"

namespace convoy::step {

// Each thread has a stack of sums: it pushes a micro-batch's gradient and adds neighbours as soon
// as they make up a node of the tree. What is left on the threads' stacks is added to the rank's
// nodes. Thread-compatible, but threads may push side by side, each on its own stack.
class ThreadSums {
 public:
  // `batches` are all that steps will come with; a call's `batch` is an index into them.
  ThreadSums(int rank, int num_threads, const ShardingPlan& sharding,
             const std::vector<BatchPartition>& batches);

  // How many arrays [num_parameters] the sums need; SetMemory gives them.
  int num_arrays() const { return num_arrays_; }
  void SetMemory(std::vector<float*> arrays);

  // Begins a thread's run of a batch: its stack is empty.
  void Start(int thread);

  // Where the gradient of the thread's next micro-batch goes.
  float* Top(int thread);

  // Takes the gradient at Top as that of leaf `leaf` of the thread's run, rounds it for the
  // exchange, and adds what can be added.
  void Push(size_t batch, int thread, int64_t leaf, double loss, int64_t correct);

  // Makes the rank's contribution of all threads' stacks; the team does the additions.
  void AddUp(size_t batch, ThreadTeam& team, Contribution* contribution);

 private:
  struct Stack {
    std::vector<float*> gradients;
    std::vector<double> losses;
    size_t size = 0;
    int64_t correct = 0;
  };
  // A node of the rank, and the places on the threads' stacks of the nodes that make it up.
  struct Merge {
    SumProgram program;
    std::vector<std::pair<size_t, size_t>> parts;  // thread, place on its stack
    std::vector<float*> sources;                   // [parts] what lies there
  };
  // What depends on the batch.
  struct Schedule {
    std::vector<LeafSchedule> threads;
    std::vector<Merge> merges;
  };

  static std::vector<Merge> PlanMerges(const Schedule& schedule, const BatchPartition& batch,
                                       int rank);
  void AddPart(const Merge& merge, int thread, int num_threads, float* dst);

  const ShardingPlan& sharding_;
  std::vector<Schedule> schedules_;  // of each batch
  std::vector<Stack> stacks_;        // of each thread
  std::vector<float*> rank_sums_;    // of nodes that several threads make up
  int num_arrays_ = 0;
};

}  // namespace convoy::step
