#include "worker/step/sharded_optimizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/stopwatch.h"
#include "common/kernels/dense/dense.h"
#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::step {
namespace {

// Elements that are summed and updated at a time: the gradient goes from one to the other in cache.
constexpr int64_t kUpdateBlock = 4096;

// The same for a factored kernel, whose factors are read once for each block: larger.
constexpr int64_t kKernelBlock = 32 * 1024;

// Returns how many rows of a kernel make a block.
int64_t RowsOfBlock(const nn::OuterProductGradient& kernel) {
  return std::max<int64_t>(1, kKernelBlock / kernel.units);
}

}  // namespace

ShardedOptimizer::ShardedOptimizer(const optim::Optimizer& optimizer,
                                   std::vector<ParameterRule> rules, const ShardingPlan& sharding,
                                   int rank, ThreadTeam& team, int64_t max_batch_images)
    : sharding_(sharding),
      rank_(rank),
      team_(team),
      optimizer_(optimizer, sharding.num_parameters(), std::move(rules), sharding.exchange()),
      threads_(static_cast<size_t>(team.size())) {
  int64_t gradient_floats = kUpdateBlock;
  int64_t scratch_bytes = 0;
  for (const nn::OuterProductGradient& kernel : sharding.kernels()) {
    gradient_floats = std::max(gradient_floats, RowsOfBlock(kernel) * kernel.units);
    kernels::WorkspaceCarver measure(nullptr);
    kernels::CarveDenseGradients(static_cast<int>(max_batch_images), kernel.units, measure);
    scratch_bytes = std::max(scratch_bytes, measure.bytes());
  }
  for (ThreadState& state : threads_) {
    state.gradient = AlignedBuffer<float>(static_cast<size_t>(gradient_floats));
    state.scratch = AlignedBuffer<std::byte>(static_cast<size_t>(scratch_bytes));
  }
}

void ShardedOptimizer::Step(const ScatteredSums& sums, const StepHyperparameters& hyperparameters,
                            const StepArrays& arrays, int current, metrics::PhaseSeconds* phases) {
  const Update update = {.sums = sums,
                         .hyperparameters = hyperparameters,
                         .arrays = arrays,
                         .weights = arrays.weights[static_cast<size_t>(current)],
                         .new_weights = arrays.weights[static_cast<size_t>(1 - current)]};
  team_.Run([&](int thread) {
    ThreadState& state = threads_[static_cast<size_t>(thread)];
    state.finiteness = Finiteness::kFinite;
    state.reduce_seconds = 0;
    state.update_seconds = 0;
    UpdatePieces(update, thread);
    UpdateKernels(update, thread);
  });
  CollectThreads(update.new_weights, phases);
}

void ShardedOptimizer::CollectThreads(float* new_weights, metrics::PhaseSeconds* phases) {
  Finiteness finiteness = Finiteness::kFinite;
  for (const ThreadState& state : threads_) {
    finiteness = Worse(finiteness, state.finiteness);
    phases->reduce += state.reduce_seconds / team_.size();
    phases->update += state.update_seconds / team_.size();
  }
  if (finiteness == Finiteness::kFinite) return;
  new_weights[sharding_.FirstOwnedBy(rank_).value()] = MarkOf(finiteness);
}

void ShardedOptimizer::UpdatePieces(const Update& update, int thread) {
  ThreadState& state = threads_[static_cast<size_t>(thread)];
  const ScatteredSums& sums = update.sums;
  const std::vector<Range>& pieces = sharding_.summed_of(rank_);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Range mine = EqualPart(pieces[i].size(), thread, team_.size());
    for (int64_t begin = mine.begin; begin < mine.end; begin += kUpdateBlock) {
      const int64_t end = std::min(begin + kUpdateBlock, mine.end);
      const int64_t source = sums.piece_begins[i];
      Stopwatch watch;
      sums.tree->Sum(sums.gradients.data(), {source + begin, source + end}, state.gradient.data(),
                     sharding_.exchange());
      state.reduce_seconds += watch.Lap();
      UpdateBlock(update, {pieces[i].begin + begin, pieces[i].begin + end}, state);
    }
  }
}

void ShardedOptimizer::UpdateKernels(const Update& update, int thread) {
  ThreadState& state = threads_[static_cast<size_t>(thread)];
  for (const KernelRows& owned : sharding_.rows_of(rank_)) {
    const nn::OuterProductGradient& kernel = sharding_.kernels()[owned.kernel];
    const FactorArrays factors = update.arrays.factors[owned.kernel];
    kernels::WorkspaceCarver carver(state.scratch.data());
    Stopwatch watch;
    const kernels::DenseGradientLists lists = kernels::ListDenseGradients(
        update.sums.batch_images, kernel.units, factors.d_dst,
        kernels::CarveDenseGradients(update.sums.batch_images, kernel.units, carver));
    state.reduce_seconds += watch.Lap();
    const Range part = EqualPart(owned.rows.size(), thread, team_.size());
    const Range mine = {owned.rows.begin + part.begin, owned.rows.begin + part.end};
    const int64_t block = RowsOfBlock(kernel);
    for (int64_t row = mine.begin; row < mine.end; row += block) {
      const int64_t rows = std::min(block, mine.end - row);
      watch.Lap();
      kernels::DenseWeightGradient(lists, static_cast<int>(rows), factors.src + row, kernel.inputs,
                                   state.gradient.data());
      state.reduce_seconds += watch.Lap();
      const int64_t begin = kernel.weight_offset + row * kernel.units;
      UpdateBlock(update, {begin, begin + rows * kernel.units}, state);
    }
  }
}

void ShardedOptimizer::UpdateBlock(const Update& update, Range block, ThreadState& state) {
  Stopwatch watch;
  float* gradient = state.gradient.data();
  // Before the update, which may change the gradient.
  const bool gradient_finite = kernels::AllFinite(gradient, block.size());
  optimizer_.Update(update.hyperparameters, block, update.weights, gradient, update.new_weights);
  state.finiteness =
      Worse(state.finiteness,
            CheckFinite(gradient_finite, update.new_weights + block.begin, block.size()));
  state.update_seconds += watch.Lap();
}

absl::Status ShardedOptimizer::CheckAllRanks(const float* new_weights) const {
  Finiteness finiteness = Finiteness::kFinite;
  for (int rank = 0; rank < sharding_.world_size(); ++rank) {
    const std::optional<int64_t> first = sharding_.FirstOwnedBy(rank);
    if (first) finiteness = Worse(finiteness, ReadMark(new_weights[*first]));
  }
  return StatusOf(finiteness);
}

}  // namespace convoy::step
