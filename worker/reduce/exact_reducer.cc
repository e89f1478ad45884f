#include "worker/reduce/exact_reducer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/vector_ops.h"

namespace convoy::reduce {
namespace {

// A message begins with the sender's header, doubles stored in the place of two floats each: the
// losses of its nodes, its right answers, and whether it was asked to stop.
constexpr int64_t kFloatsPerDouble = sizeof(double) / sizeof(float);
constexpr int64_t kHeaderFlags = 2;

int64_t HeaderFloats(size_t num_nodes) {
  return (static_cast<int64_t>(num_nodes) + kHeaderFlags) * kFloatsPerDouble;
}

}  // namespace

struct ExactReducer::Exchange {
  const BatchLayout* layout;
  SumProgram program;  // over the nodes of all ranks
  std::vector<int64_t> send_counts;
  std::vector<int64_t> send_offsets;
  std::vector<int64_t> recv_counts;
  std::vector<int64_t> recv_offsets;
  int64_t send_floats = 0;
  int64_t recv_floats = 0;
};

ExactReducer::~ExactReducer() = default;

ExactReducer::ExactReducer(comm::Communicator& communicator, ThreadTeam& team,
                           int64_t num_parameters, const std::vector<const BatchLayout*>& layouts)
    : communicator_(communicator), team_(team), num_parameters_(num_parameters) {
  const int world_size = communicator.world_size();
  const int self = communicator.rank();
  for (int rank = 0; rank < world_size; ++rank) {
    slices_.push_back(OwnedSlice(num_parameters, rank, world_size));
    slice_sizes_.push_back(slices_.back().size());
    slice_offsets_.push_back(slices_.back().begin);
  }
  const int64_t own_size = slice_sizes_[static_cast<size_t>(self)];
  int64_t send_floats = 0;
  int64_t recv_floats = 0;
  size_t most_nodes = 0;
  for (const BatchLayout* layout : layouts) {
    const std::vector<Range> nodes = layout->NodesOfAllRanks();
    auto exchange = std::make_unique<Exchange>(Exchange{
        .layout = layout,
        .program =
            SumProgram(layout->num_micro_batches(), nodes, {0, layout->num_micro_batches()})});
    const size_t own_nodes = layout->NodesOfRank(self).size();
    for (int rank = 0; rank < world_size; ++rank) {
      const bool is_self = rank == self;  // nothing goes to oneself
      const size_t nodes_there = layout->NodesOfRank(rank).size();
      const int64_t slice_there = slice_sizes_[static_cast<size_t>(rank)];
      exchange->send_offsets.push_back(exchange->send_floats);
      exchange->recv_offsets.push_back(exchange->recv_floats);
      exchange->send_counts.push_back(
          is_self ? 0 : HeaderFloats(own_nodes) + static_cast<int64_t>(own_nodes) * slice_there);
      exchange->recv_counts.push_back(
          is_self ? 0 : HeaderFloats(nodes_there) + static_cast<int64_t>(nodes_there) * own_size);
      exchange->send_floats += exchange->send_counts.back();
      exchange->recv_floats += exchange->recv_counts.back();
    }
    send_floats = std::max(send_floats, exchange->send_floats);
    recv_floats = std::max(recv_floats, exchange->recv_floats);
    most_nodes = std::max(most_nodes, nodes.size());
    exchanges_.push_back(std::move(exchange));
  }
  send_ = AlignedBuffer<float>(static_cast<size_t>(send_floats));
  recv_ = AlignedBuffer<float>(static_cast<size_t>(recv_floats));
  reduced_ = AlignedBuffer<float>(static_cast<size_t>(own_size));
  sources_.reserve(most_nodes);
  losses_.reserve(most_nodes);
  thread_found_finite_.resize(static_cast<size_t>(team.size()));
}

const ExactReducer::Exchange& ExactReducer::ExchangeOf(const BatchLayout& layout) const {
  for (const auto& exchange : exchanges_) {
    if (exchange->layout == &layout) return *exchange;
  }
  CONVOY_CHECK(!"a layout that the reducer was not made for");
  return *exchanges_.front();
}

absl::StatusOr<StepResult> ExactReducer::Step(const BatchLayout& layout,
                                              const Contribution& contribution,
                                              const UpdateRule& rule, const float* weights,
                                              float* new_weights, OptimizerShard* shard,
                                              metrics::PhaseSeconds* phases) {
  const Exchange& exchange = ExchangeOf(layout);
  Stopwatch watch;
  if (communicator_.world_size() > 1) {
    Pack(exchange, contribution);
    phases->reduce += watch.Lap();
    CONVOY_RETURN_IF_ERROR(communicator_.AllToAll(send_.data(), exchange.send_counts,
                                                  exchange.send_offsets, recv_.data(),
                                                  exchange.recv_counts, exchange.recv_offsets));
    phases->wait += watch.Lap();
  }
  const StepResult result = ReadHeaders(exchange, contribution);
  ReduceAndUpdate(exchange, contribution, rule, weights, new_weights, shard, phases);
  watch.Lap();
  if (communicator_.world_size() > 1) {
    CONVOY_RETURN_IF_ERROR(communicator_.AllGatherParts(new_weights, slice_sizes_, slice_offsets_));
    phases->wait += watch.Lap();
  }
  CONVOY_RETURN_IF_ERROR(CheckFinite(result, new_weights));
  return result;
}

void ExactReducer::Pack(const Exchange& exchange, const Contribution& contribution) {
  for (int rank = 0; rank < communicator_.world_size(); ++rank) {
    if (rank == communicator_.rank()) continue;
    const Range slice = slices_[static_cast<size_t>(rank)];
    auto* out =
        reinterpret_cast<char*>(send_.data() + exchange.send_offsets[static_cast<size_t>(rank)]);
    const auto put = [&out](const void* data, size_t num_bytes) {
      std::memcpy(out, data, num_bytes);
      out += num_bytes;
    };
    const double flags[kHeaderFlags] = {static_cast<double>(contribution.correct),
                                        contribution.stop_requested ? 1.0 : 0.0};
    if (!contribution.losses.empty()) {
      put(contribution.losses.data(), contribution.losses.size() * sizeof(double));
    }
    put(flags, sizeof(flags));
    for (const float* gradient : contribution.gradients) {
      put(gradient + slice.begin, static_cast<size_t>(slice.size()) * sizeof(float));
    }
  }
}

StepResult ExactReducer::ReadHeaders(const Exchange& exchange, const Contribution& contribution) {
  StepResult result;
  losses_.clear();
  for (int rank = 0; rank < communicator_.world_size(); ++rank) {
    if (rank == communicator_.rank()) {
      losses_.insert(losses_.end(), contribution.losses.begin(), contribution.losses.end());
      result.correct += contribution.correct;
      result.stop_requested |= contribution.stop_requested;
      continue;
    }
    const auto* in = reinterpret_cast<const char*>(
        recv_.data() + exchange.recv_offsets[static_cast<size_t>(rank)]);
    const auto get = [&in] {
      double value = 0;
      std::memcpy(&value, in, sizeof(value));
      in += sizeof(value);
      return value;
    };
    const size_t num_nodes = exchange.layout->NodesOfRank(rank).size();
    for (size_t node = 0; node < num_nodes; ++node) losses_.push_back(get());
    result.correct += static_cast<int64_t>(get());
    result.stop_requested |= get() != 0;
  }
  result.loss = exchange.program.Sum(losses_.data());
  return result;
}

void ExactReducer::ReduceAndUpdate(const Exchange& exchange, const Contribution& contribution,
                                   const UpdateRule& rule, const float* weights, float* new_weights,
                                   OptimizerShard* shard, metrics::PhaseSeconds* phases) {
  const Range own = shard->owned();
  sources_.clear();
  for (int rank = 0; rank < communicator_.world_size(); ++rank) {
    if (rank == communicator_.rank()) {
      for (const float* gradient : contribution.gradients) sources_.push_back(gradient + own.begin);
      continue;
    }
    const size_t num_nodes = exchange.layout->NodesOfRank(rank).size();
    const float* sums =
        recv_.data() + exchange.recv_offsets[static_cast<size_t>(rank)] + HeaderFloats(num_nodes);
    for (size_t node = 0; node < num_nodes; ++node) {
      sources_.push_back(sums + static_cast<int64_t>(node) * own.size());
    }
  }
  double reduce_seconds = 0;
  double update_seconds = 0;
  team_.Run([&](int thread) {
    Stopwatch watch;
    const Range part = OwnedSlice(own.size(), thread, team_.size());
    float* sum = reduced_.data() + part.begin;
    exchange.program.Sum(sources_.data(), part, sum);
    const bool gradient_finite = kernels::AllFinite(sum, part.size());
    if (thread == 0) reduce_seconds = watch.Lap();
    shard->Update(rule, {own.begin + part.begin, own.begin + part.end}, weights, sum, new_weights);
    thread_found_finite_[static_cast<size_t>(thread)] =
        gradient_finite && kernels::AllFinite(new_weights + own.begin + part.begin, part.size());
    if (thread == 0) update_seconds = watch.Lap();
  });
  phases->reduce += reduce_seconds;
  phases->update += update_seconds;
  const bool finite = std::all_of(thread_found_finite_.begin(), thread_found_finite_.end(),
                                  [](uint8_t found) { return found != 0; });
  if (!finite) new_weights[own.begin] = std::numeric_limits<float>::quiet_NaN();
}

absl::Status ExactReducer::CheckFinite(const StepResult& result, const float* new_weights) const {
  if (!std::isfinite(result.loss)) return absl::AbortedError("the loss is not finite");
  for (const Range& slice : slices_) {
    if (!slice.empty() && std::isnan(new_weights[slice.begin])) {
      return absl::AbortedError("the gradient is not finite");
    }
  }
  return absl::OkStatus();
}

}  // namespace convoy::reduce
