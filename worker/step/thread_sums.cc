#include "worker/step/thread_sums.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace convoy::step {

ThreadSums::ThreadSums(int rank, int num_threads, const ShardingPlan& sharding,
                       const std::vector<BatchPartition>& batches)
    : sharding_(sharding), stacks_(static_cast<size_t>(num_threads)) {
  size_t most_merges = 0;
  for (const BatchPartition& batch : batches) {
    Schedule& schedule = schedules_.emplace_back();
    for (int thread = 0; thread < num_threads; ++thread) {
      schedule.threads.emplace_back(batch.num_micro_batches(), batch.RunOfThread(rank, thread));
      Stack& stack = stacks_[static_cast<size_t>(thread)];
      const auto places = static_cast<size_t>(schedule.threads.back().stack_size());
      stack.losses.resize(std::max(stack.losses.size(), places));
      stack.gradients.resize(stack.losses.size());
    }
    schedule.merges = PlanMerges(schedule, batch, rank);
    most_merges = std::max(most_merges, schedule.merges.size());
  }
  if (num_threads > 1) rank_sums_.resize(most_merges);
  num_arrays_ = static_cast<int>(rank_sums_.size());
  for (const Stack& stack : stacks_) num_arrays_ += static_cast<int>(stack.gradients.size());
}

std::vector<ThreadSums::Merge> ThreadSums::PlanMerges(const Schedule& schedule,
                                                      const BatchPartition& batch, int rank) {
  std::vector<Merge> merges;
  for (const Range& node : batch.NodesOfRank(rank)) {
    std::vector<Range> nodes;
    std::vector<std::pair<size_t, size_t>> parts;
    for (size_t thread = 0; thread < schedule.threads.size(); ++thread) {
      const std::vector<Range>& left = schedule.threads[thread].result();
      for (size_t place = 0; place < left.size(); ++place) {
        if (left[place].begin < node.begin || left[place].end > node.end) continue;
        nodes.push_back(left[place]);
        parts.emplace_back(thread, place);
      }
    }
    merges.push_back({.program = SumProgram(batch.num_micro_batches(), nodes, node),
                      .parts = std::move(parts),
                      .sources = {}});
  }
  return merges;
}

void ThreadSums::SetMemory(std::vector<float*> arrays) {
  CONVOY_CHECK_EQ(static_cast<int>(arrays.size()), num_arrays_);
  auto next = arrays.begin();
  for (Stack& stack : stacks_) {
    for (float*& gradient : stack.gradients) gradient = *next++;
  }
  for (float*& sum : rank_sums_) sum = *next++;
  for (Schedule& schedule : schedules_) {
    for (Merge& merge : schedule.merges) {
      merge.sources.clear();
      for (const auto& [thread, place] : merge.parts) {
        merge.sources.push_back(stacks_[thread].gradients[place]);
      }
    }
  }
}

void ThreadSums::Start(int thread) {
  Stack& stack = stacks_[static_cast<size_t>(thread)];
  stack.size = 0;
  stack.correct = 0;
}

float* ThreadSums::Top(int thread) {
  const Stack& stack = stacks_[static_cast<size_t>(thread)];
  return stack.gradients[stack.size];
}

void ThreadSums::Push(size_t batch, int thread, int64_t leaf, double loss, int64_t correct) {
  Stack& stack = stacks_[static_cast<size_t>(thread)];
  stack.correct += correct;
  for (const Range& range : sharding_.summed()) {
    RoundFor(sharding_.exchange(), stack.gradients[stack.size] + range.begin, range.size());
  }
  stack.losses[stack.size++] = loss;
  const LeafSchedule& leaves = schedules_[batch].threads[static_cast<size_t>(thread)];
  for (int i = leaves.additions_after(leaf); i > 0; --i) {
    const size_t top = --stack.size;
    for (const Range& range : sharding_.summed()) {
      float* left = stack.gradients[top - 1] + range.begin;
      AddFor(sharding_.exchange(), left, stack.gradients[top] + range.begin, left, range.size());
    }
    stack.losses[top - 1] += stack.losses[top];
  }
}

void ThreadSums::AddUp(size_t batch, ThreadTeam& team, Contribution* contribution) {
  const Schedule& schedule = schedules_[batch];
  contribution->gradients.clear();
  contribution->losses.clear();
  contribution->correct = 0;
  for (const Stack& stack : stacks_) contribution->correct += stack.correct;
  for (size_t i = 0; i < schedule.merges.size(); ++i) {
    const Merge& merge = schedule.merges[i];
    const auto loss_of = [&](int part) {
      const auto [thread, place] = merge.parts[static_cast<size_t>(part)];
      return stacks_[thread].losses[place];
    };
    contribution->losses.push_back(merge.program.SumOf(loss_of));
    contribution->gradients.push_back(merge.parts.size() == 1 ? merge.sources[0] : rank_sums_[i]);
  }
  if (team.size() == 1) return;
  team.Run([&](int thread) {
    for (size_t i = 0; i < schedule.merges.size(); ++i) {
      if (schedule.merges[i].parts.size() == 1) continue;
      AddPart(schedule.merges[i], thread, team.size(), rank_sums_[i]);
    }
  });
}

void ThreadSums::AddPart(const Merge& merge, int thread, int num_threads, float* dst) {
  for (const Range& range : sharding_.summed()) {
    const Range part = EqualPart(range.size(), thread, num_threads);
    merge.program.Sum(merge.sources.data(), {range.begin + part.begin, range.begin + part.end},
                      dst + range.begin + part.begin, sharding_.exchange());
  }
}

}  // namespace convoy::step
