#include "worker/step/exact_reducer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/dense/dense.h"
#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::reduce {
namespace {

// Elements that are summed and updated at a time: the gradient goes from one to the other in cache.
constexpr int64_t kBlock = 4096;

// The same for a factored kernel, whose factors are read once for each block: larger.
constexpr int64_t kKernelBlock = 32 * 1024;

// Returns how many rows of a kernel make a block.
int64_t RowsOfBlock(const nn::OuterProductGradient& kernel) {
  return std::max<int64_t>(1, kKernelBlock / kernel.units);
}

}  // namespace

ExactReducer::ExactReducer(int rank, const ParameterLayout& layout, ThreadTeam& team,
                           Exchange& exchange, const std::vector<const BatchLayout*>& batches)
    : rank_(rank),
      layout_(layout),
      team_(team),
      exchange_(exchange),
      threads_(static_cast<size_t>(team.size())) {
  int64_t most_images = 0;
  for (const BatchLayout* batch : batches) {
    trees_.push_back({.batch = batch,
                      .program = SumProgram(batch->num_micro_batches(), batch->NodesOfAllRanks(),
                                            {0, batch->num_micro_batches()})});
    most_images = std::max(most_images, batch->batch_images());
  }
  int64_t gradient_floats = kBlock;
  int64_t scratch_bytes = 0;
  for (const nn::OuterProductGradient& kernel : layout.kernels()) {
    gradient_floats = std::max(gradient_floats, RowsOfBlock(kernel) * kernel.units);
    kernels::WorkspaceCarver measure(nullptr);
    kernels::CarveDenseGradients(static_cast<int>(most_images), kernel.units, measure);
    scratch_bytes = std::max(scratch_bytes, measure.bytes());
  }
  for (ThreadMemory& memory : threads_) {
    memory.gradient = AlignedBuffer<float>(static_cast<size_t>(gradient_floats));
    memory.scratch = AlignedBuffer<std::byte>(static_cast<size_t>(scratch_bytes));
  }
}

const SumProgram& ExactReducer::ProgramOf(const BatchLayout& batch) const {
  const auto tree = std::find_if(trees_.begin(), trees_.end(),
                                 [&](const TreeOf& t) { return t.batch == &batch; });
  CONVOY_CHECK(tree != trees_.end());
  return tree->program;
}

absl::StatusOr<StepResult> ExactReducer::Step(const BatchLayout& batch,
                                              const Contribution& contribution,
                                              const UpdateRule& rule, int current,
                                              OptimizerState* optimizer,
                                              metrics::PhaseSeconds* phases) {
  Stopwatch watch;
  CONVOY_RETURN_IF_ERROR(exchange_.Publish(batch, contribution));
  phases->wait += watch.Lap();
  const StepResult result = {.loss = ProgramOf(batch).SumOf(
                                 [&](int i) { return exchange_.losses()[static_cast<size_t>(i)]; }),
                             .correct = exchange_.correct(),
                             .stop_requested = exchange_.stop_requested()};
  UpdateOwned(batch, rule, current, optimizer, phases);
  watch.Lap();
  CONVOY_RETURN_IF_ERROR(exchange_.GatherWeights(1 - current));
  phases->wait += watch.Lap();
  CONVOY_RETURN_IF_ERROR(CheckFinite(result.loss, 1 - current));
  return result;
}

void ExactReducer::UpdateOwned(const BatchLayout& batch, const UpdateRule& rule, int current,
                               OptimizerState* optimizer, metrics::PhaseSeconds* phases) {
  const SumProgram& program = ProgramOf(batch);
  team_.Run([&](int thread) {
    ThreadMemory& memory = threads_[static_cast<size_t>(thread)];
    memory.finite = true;
    memory.reduce_seconds = 0;
    memory.update_seconds = 0;
    UpdatePieces(program, rule, current, thread, optimizer);
    UpdateKernels(static_cast<int>(batch.batch_images()), rule, current, thread, optimizer);
  });
  bool finite = true;
  for (const ThreadMemory& memory : threads_) {
    finite = finite && memory.finite;
    phases->reduce += memory.reduce_seconds / team_.size();
    phases->update += memory.update_seconds / team_.size();
  }
  if (finite) return;
  const int64_t first_owned = layout_.OwnedBy(rank_).front().begin;
  exchange_.weights(1 - current)[first_owned] = std::numeric_limits<float>::quiet_NaN();
}

void ExactReducer::UpdatePieces(const SumProgram& program, const UpdateRule& rule, int current,
                                int thread, OptimizerState* optimizer) {
  ThreadMemory& memory = threads_[static_cast<size_t>(thread)];
  const std::vector<Range>& pieces = layout_.summed_of(rank_);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Range mine = EqualPart(pieces[i].size(), thread, team_.size());
    for (int64_t begin = mine.begin; begin < mine.end; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, mine.end);
      const int64_t source = exchange_.source_begin(i);
      Stopwatch watch;
      program.Sum(exchange_.sums().data(), {source + begin, source + end}, memory.gradient.data());
      memory.reduce_seconds += watch.Lap();
      UpdatePart(rule, {pieces[i].begin + begin, pieces[i].begin + end}, current, memory,
                 optimizer);
    }
  }
}

void ExactReducer::UpdateKernels(int batch_images, const UpdateRule& rule, int current, int thread,
                                 OptimizerState* optimizer) {
  ThreadMemory& memory = threads_[static_cast<size_t>(thread)];
  for (const KernelRows& owned : layout_.rows_of(rank_)) {
    const nn::OuterProductGradient& kernel = layout_.kernels()[owned.kernel];
    const FactorArrays factors = exchange_.factors(owned.kernel);
    kernels::WorkspaceCarver carver(memory.scratch.data());
    Stopwatch watch;
    const kernels::DenseGradientLists lists = kernels::ListDenseGradients(
        batch_images, kernel.units, factors.d_dst,
        kernels::CarveDenseGradients(batch_images, kernel.units, carver));
    memory.reduce_seconds += watch.Lap();
    const Range part = EqualPart(owned.rows.size(), thread, team_.size());
    const Range mine = {owned.rows.begin + part.begin, owned.rows.begin + part.end};
    const int64_t block = RowsOfBlock(kernel);
    for (int64_t row = mine.begin; row < mine.end; row += block) {
      const int64_t rows = std::min(block, mine.end - row);
      watch.Lap();
      kernels::DenseWeightGradient(lists, static_cast<int>(rows), factors.src + row, kernel.inputs,
                                   memory.gradient.data());
      memory.reduce_seconds += watch.Lap();
      const int64_t begin = kernel.weight_offset + row * kernel.units;
      UpdatePart(rule, {begin, begin + rows * kernel.units}, current, memory, optimizer);
    }
  }
}

void ExactReducer::UpdatePart(const UpdateRule& rule, Range part, int current, ThreadMemory& memory,
                              OptimizerState* optimizer) {
  Stopwatch watch;
  float* new_weights = exchange_.weights(1 - current);
  const bool gradient_finite = kernels::AllFinite(memory.gradient.data(), part.size());
  optimizer->Update(rule, part, exchange_.weights(current), memory.gradient.data(), new_weights);
  memory.finite =
      memory.finite && gradient_finite && kernels::AllFinite(new_weights + part.begin, part.size());
  memory.update_seconds += watch.Lap();
}

absl::Status ExactReducer::CheckFinite(double loss, int which) const {
  if (!std::isfinite(loss)) return absl::AbortedError("the loss is not finite");
  const float* weights = exchange_.weights(which);
  for (int rank = 0; rank < layout_.world_size(); ++rank) {
    const auto& summed = layout_.summed_of(rank);
    const auto& kernels = layout_.rows_of(rank);
    if (summed.empty() && kernels.empty()) continue;
    const int64_t first = summed.empty() ? kernels[0].parameters.begin : summed[0].begin;
    if (std::isnan(weights[first])) return absl::AbortedError("the gradient is not finite");
  }
  return absl::OkStatus();
}

}  // namespace convoy::reduce
