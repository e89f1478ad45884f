// Which rank owns what of a network's parameters (the shards of ZeRO stage 1), which gradients are
// exchanged as sums, which as sufficient factors, and how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/data/range.h"
#include "common/nn/plan/plan.h"
#include "worker/step/exchange.h"

namespace convoy::step {

using data::Range;

// The rows of a factored kernel that a rank owns. Each element of the gradient is one sum over the
// images in order (kernels/dense.h), so how the rows are dealt does not show in its bits.
struct KernelRows {
  size_t kernel = 0;  // index into ShardingPlan::kernels()
  Range rows;         // inputs of the kernel
  Range parameters;   // where they stand among the network's parameters
};

// Immutable, so thread-safe. The same on every rank.
class ShardingPlan {
 public:
  // Those of the stages' kernels whose factors for a whole batch are small are made from factors;
  // all other gradients are summed along the tree.
  // `moving` are the parameters that are not trained but move, in order: see WeightRun.
  ShardingPlan(int64_t num_parameters,
               std::vector<std::optional<nn::OuterProductGradient>> kernel_of_stage,
               int64_t batch_size, int world_size, Exchange exchange = Exchange::kFloat32,
               std::vector<Range> moving = {});

  Exchange exchange() const { return exchange_; }
  int64_t num_parameters() const { return num_parameters_; }
  int world_size() const { return static_cast<int>(summed_of_rank_.size()); }

  // The parameters whose gradients are summed, in order.
  const std::vector<Range>& summed() const { return summed_; }

  // The factored kernels, and which of them a stage of the plan has: -1 for none.
  const std::vector<nn::OuterProductGradient>& kernels() const { return kernels_; }
  int kernel_of_stage(size_t stage) const { return kernel_of_stage_[stage]; }

  // What a rank owns: parts of summed(), and rows of kernels(); both in order.
  const std::vector<Range>& summed_of(int rank) const {
    return summed_of_rank_[static_cast<size_t>(rank)];
  }
  const std::vector<KernelRows>& rows_of(int rank) const {
    return rows_of_rank_[static_cast<size_t>(rank)];
  }

  // A run of weights, and how they are exchanged. Moving statistics are floats always: they change
  // by less than a bfloat16's precision.
  struct WeightRun {
    Range range;
    Exchange exchange;
  };

  // Returns `range` as runs, in order.
  std::vector<WeightRun> WeightRuns(Range range) const;

  // Rounds weights [num_parameters] to what is exchanged.
  void RoundWeights(float* weights) const;

  // Returns all that a rank owns, as ranges of parameters.
  std::vector<Range> OwnedBy(int rank) const;

  // Returns the first parameter of OwnedBy(rank), if there is one.
  std::optional<int64_t> FirstOwnedBy(int rank) const;

 private:
  void DealSummed(int world_size);
  void DealRows(int world_size);

  int64_t num_parameters_;
  Exchange exchange_;
  std::vector<Range> moving_;
  std::vector<Range> summed_;
  std::vector<nn::OuterProductGradient> kernels_;
  std::vector<int> kernel_of_stage_;
  std::vector<std::vector<Range>> summed_of_rank_;
  std::vector<std::vector<KernelRows>> rows_of_rank_;
};

// Returns how the parameters of a network are dealt to the ranks.
ShardingPlan PlanSharding(const nn::Plan& plan, int64_t batch_size, int world_size,
                          Exchange exchange = Exchange::kFloat32);

// Returns part `part` of `parts` nearly equal ones of [0, size), cut at whole cache lines of
// floats; empty where there are more parts than lines.
Range EqualPart(int64_t size, int part, int parts);

// Returns the number of elements of all ranges.
int64_t TotalSize(const std::vector<Range>& ranges);

}  // namespace convoy::step
