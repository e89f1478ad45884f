#include "worker/reduce/exact_reducer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/gemm.h"
#include "common/kernels/vector_ops.h"

namespace convoy::reduce {
namespace {

// Elements that are summed and updated at a time: the gradient goes from one to the other in cache.
constexpr int64_t kBlock = 4096;

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
  int64_t largest_gradient = kBlock;
  int64_t most_rows = 0;
  for (const Tile& tile : layout.tiles_of(rank)) {
    largest_gradient = std::max(largest_gradient, tile.parameters.size());
    most_rows = std::max(most_rows, tile.rows.size());
  }
  for (ThreadMemory& memory : threads_) {
    memory.gradient = AlignedBuffer<float>(static_cast<size_t>(largest_gradient));
    memory.columns = AlignedBuffer<float>(static_cast<size_t>(most_images * most_rows));
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
    UpdateTiles(batch.batch_images(), rule, current, thread, optimizer);
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

void ExactReducer::UpdateTiles(int64_t batch_images, const UpdateRule& rule, int current,
                               int thread, OptimizerState* optimizer) {
  ThreadMemory& memory = threads_[static_cast<size_t>(thread)];
  const std::vector<Tile>& tiles = layout_.tiles_of(rank_);
  const size_t begin = tiles.size() * static_cast<size_t>(thread) / threads_.size();
  const size_t end = tiles.size() * static_cast<size_t>(thread + 1) / threads_.size();
  for (size_t i = begin; i < end; ++i) {
    Stopwatch watch;
    MultiplyFactors(tiles[i], batch_images, memory);
    memory.reduce_seconds += watch.Lap();
    UpdatePart(rule, tiles[i].parameters, current, memory, optimizer);
  }
}

// gradient [rows, units] = columns^T [rows, batch_images] d_dst [batch_images, units]. The columns
// are copied together first, so that the call is the same whatever memory the factors arrived in.
void ExactReducer::MultiplyFactors(const Tile& tile, int64_t batch_images, ThreadMemory& memory) {
  const nn::FactoredKernel& kernel = layout_.kernels()[tile.kernel];
  const FactorArrays factors = exchange_.factors(tile.kernel);
  const auto rows = static_cast<int>(tile.rows.size());
  for (int64_t image = 0; image < batch_images; ++image) {
    const float* src = factors.src + image * kernel.inputs + tile.rows.begin;
    std::copy(src, src + rows, memory.columns.data() + image * rows);
  }
  kernels::Gemm(kernels::Transpose::kYes, kernels::Transpose::kNo, rows, kernel.units,
                static_cast<int>(batch_images), memory.columns.data(), rows, factors.d_dst,
                kernel.units, 0.0f, memory.gradient.data(), kernel.units);
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
    const auto& tiles = layout_.tiles_of(rank);
    if (summed.empty() && tiles.empty()) continue;
    const int64_t first = summed.empty() ? tiles[0].parameters.begin : summed[0].begin;
    if (std::isnan(weights[first])) return absl::AbortedError("the gradient is not finite");
  }
  return absl::OkStatus();
}

}  // namespace convoy::reduce
