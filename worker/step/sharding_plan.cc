#include "worker/step/sharding_plan.h"

#include <algorithm>
#include <utility>

#include "common/base/aligned_buffer.h"
#include "worker/step/range_optimizer.h"

namespace convoy::step {
namespace {

// Kernels below this many elements are not worth the bookkeeping.
constexpr int64_t kSmallestFactored = 16 * 1024;

constexpr int64_t kFloatsPerLine = kCacheLineBytes / sizeof(float);

// The recipe's sizes decide, never the world size: the factors of a batch must be smaller than the
// gradients of two micro-batches, the least that could be exchanged instead.
bool IsWorthFactoring(const nn::OuterProductGradient& kernel, int64_t batch_size) {
  const int64_t elems = int64_t{kernel.inputs} * kernel.units;
  return elems >= kSmallestFactored &&
         batch_size * (int64_t{kernel.inputs} + kernel.units) <= 2 * elems;
}

}  // namespace

Range EqualPart(int64_t size, int part, int parts) {
  return data::EqualPart(size, part, parts, kFloatsPerLine);
}

int64_t TotalSize(const std::vector<Range>& ranges) {
  int64_t total = 0;
  for (const Range& range : ranges) total += range.size();
  return total;
}

ShardingPlan::ShardingPlan(int64_t num_parameters,
                           std::vector<std::optional<nn::OuterProductGradient>> kernel_of_stage,
                           int64_t batch_size, int world_size, Exchange exchange,
                           std::vector<Range> moving)
    : num_parameters_(num_parameters), exchange_(exchange), moving_(std::move(moving)) {
  int64_t next = 0;
  for (const std::optional<nn::OuterProductGradient>& kernel : kernel_of_stage) {
    kernel_of_stage_.push_back(-1);
    if (!kernel || !IsWorthFactoring(*kernel, batch_size)) continue;
    kernel_of_stage_.back() = static_cast<int>(kernels_.size());
    kernels_.push_back(*kernel);
    if (kernel->weight_offset > next) summed_.push_back({next, kernel->weight_offset});
    next = kernel->weight_offset + int64_t{kernel->inputs} * kernel->units;
  }
  if (next < num_parameters) summed_.push_back({next, num_parameters});
  DealSummed(world_size);
  DealRows(world_size);
}

ShardingPlan PlanSharding(const nn::Plan& plan, int64_t batch_size, int world_size,
                          Exchange exchange) {
  std::vector<std::optional<nn::OuterProductGradient>> kernels;
  for (const nn::Plan::Stage& stage : plan.stages()) {
    kernels.push_back(stage.operation->outer_product_gradient());
  }
  std::vector<Range> moving;
  for (const ParameterRule& rule : RulesOf(plan.network())) {
    if (rule.is_moving) moving.push_back(rule.range);
  }
  return ShardingPlan(plan.network().num_parameters(), std::move(kernels), batch_size, world_size,
                      exchange, std::move(moving));
}

void ShardingPlan::DealSummed(int world_size) {
  const int64_t total = TotalSize(summed_);
  for (int rank = 0; rank < world_size; ++rank) {
    const Range wanted = EqualPart(total, rank, world_size);
    std::vector<Range>& owned = summed_of_rank_.emplace_back();
    int64_t before = 0;  // elements of the ranges before this one
    for (const Range& range : summed_) {
      const int64_t begin = std::max(wanted.begin, before);
      const int64_t end = std::min(wanted.end, before + range.size());
      if (begin < end) {
        owned.push_back({range.begin + begin - before, range.begin + end - before});
      }
      before += range.size();
    }
  }
}

void ShardingPlan::DealRows(int world_size) {
  for (int rank = 0; rank < world_size; ++rank) {
    std::vector<KernelRows>& owned = rows_of_rank_.emplace_back();
    for (size_t k = 0; k < kernels_.size(); ++k) {
      const nn::OuterProductGradient& kernel = kernels_[k];
      const Range rows = EqualPart(kernel.inputs, rank, world_size);
      if (rows.empty()) continue;
      owned.push_back({.kernel = k,
                       .rows = rows,
                       .parameters = {kernel.weight_offset + rows.begin * kernel.units,
                                      kernel.weight_offset + rows.end * kernel.units}});
    }
  }
}

std::vector<ShardingPlan::WeightRun> ShardingPlan::WeightRuns(Range range) const {
  std::vector<WeightRun> runs;
  const auto add = [&](int64_t end, Exchange exchange) {
    if (end > range.begin) runs.push_back({{range.begin, end}, exchange});
    range.begin = std::max(range.begin, end);
  };
  for (const Range& moving : moving_) {
    if (!Rounds(exchange_) || moving.end <= range.begin || range.end <= moving.begin) continue;
    add(moving.begin, exchange_);
    add(std::min(moving.end, range.end), Exchange::kFloat32);
  }
  add(range.end, exchange_);
  return runs;
}

void ShardingPlan::RoundWeights(float* weights) const {
  for (const WeightRun& run : WeightRuns({0, num_parameters_})) {
    RoundFor(run.exchange, weights + run.range.begin, run.range.size());
  }
}

std::vector<Range> ShardingPlan::OwnedBy(int rank) const {
  std::vector<Range> owned = summed_of(rank);
  for (const KernelRows& rows : rows_of(rank)) owned.push_back(rows.parameters);
  return owned;
}

std::optional<int64_t> ShardingPlan::FirstOwnedBy(int rank) const {
  if (!summed_of(rank).empty()) return summed_of(rank).front().begin;
  if (!rows_of(rank).empty()) return rows_of(rank).front().parameters.begin;
  return std::nullopt;
}

}  // namespace convoy::step
