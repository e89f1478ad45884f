// The sums that a rank's threads make in a step, and how they become the rank's.
#pragma once

#include <vector>

#include "common/base/thread_team.h"
#include "worker/step/batch_layout.h"
#include "worker/step/contribution.h"
#include "worker/step/parameter_layout.h"
#include "worker/step/summation_tree.h"

namespace convoy::train {

// Each thread has a stack of sums: it pushes a micro-batch's gradient and adds neighbours as soon
// as they make up a node of the tree. What is left on the threads' stacks is added to the rank's
// nodes. Thread-compatible, but threads may push side by side, each on its own stack.
class ThreadSums {
 public:
  ThreadSums(int rank, int num_threads, const reduce::ParameterLayout& layout,
             const std::vector<const reduce::BatchLayout*>& batches);

  // How many arrays [num_parameters] the sums need; SetMemory gives them.
  int num_arrays() const { return num_arrays_; }
  void SetMemory(std::vector<float*> arrays);

  // Begins a thread's run of a batch: its stack is empty.
  void Start(int thread);

  // Where the gradient of the thread's next micro-batch goes.
  float* Top(int thread);

  // Takes the gradient at Top as that of leaf `leaf` of the thread's run, and adds what can be
  // added.
  void Push(const reduce::BatchLayout& batch, int thread, int64_t leaf, double loss,
            int64_t correct);

  // Makes the rank's contribution of all threads' stacks; the team does the additions.
  void AddUp(const reduce::BatchLayout& batch, ThreadTeam& team,
             reduce::Contribution* contribution);

 private:
  struct Stack {
    std::vector<float*> gradients;
    std::vector<double> losses;
    size_t size = 0;
    int64_t correct = 0;
  };
  // A node of the rank, and the places on the threads' stacks of the nodes that make it up.
  struct Merge {
    reduce::SumProgram program;
    std::vector<std::pair<size_t, size_t>> parts;  // thread, place on its stack
  };
  // What depends on the batch's layout.
  struct Schedule {
    const reduce::BatchLayout* batch;
    std::vector<reduce::LeafSchedule> threads;
    std::vector<Merge> merges;
  };

  const Schedule& ScheduleOf(const reduce::BatchLayout& batch) const;
  std::vector<Merge> PlanMerges(const Schedule& schedule, int rank) const;
  void AddPart(const Merge& merge, int thread, int num_threads, float* dst);

  const reduce::ParameterLayout& layout_;
  std::vector<Schedule> schedules_;
  std::vector<Stack> stacks_;      // of each thread
  std::vector<float*> rank_sums_;  // of nodes that several threads make up
  int num_arrays_ = 0;
};

}  // namespace convoy::train
