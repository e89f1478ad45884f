#include "worker/step/message_sizes.h"

namespace convoy::step {
namespace {

constexpr int64_t kFloatsPerDouble = sizeof(double) / sizeof(float);
constexpr size_t kHeaderFlags = 2;

// Returns how many floats have room for so many bytes.
int64_t FloatsFor(int64_t bytes) {
  constexpr int64_t kFloatBytes = sizeof(float);
  return (bytes + kFloatBytes - 1) / kFloatBytes;
}

}  // namespace

int64_t HeaderFloats(size_t num_nodes) {
  return static_cast<int64_t>(num_nodes + kHeaderFlags) * kFloatsPerDouble;
}

MessageSizes::MessageSizes(const ShardingPlan& sharding)
    : number_bytes_(BytesOfNumber(sharding.exchange())) {
  for (int rank = 0; rank < sharding.world_size(); ++rank) {
    int64_t weight_bytes = 0;
    for (const Range& owned : sharding.OwnedBy(rank)) {
      for (const ShardingPlan::WeightRun& run : sharding.WeightRuns(owned)) {
        weight_bytes += run.range.size() * BytesOfNumber(run.exchange);
      }
    }
    gathered_.push_back(FloatsFor(weight_bytes));
    summed_.push_back(TotalSize(sharding.summed_of(rank)));
    int64_t rows = 0;
    for (const KernelRows& part : sharding.rows_of(rank)) rows += part.rows.size();
    rows_.push_back(rows);
  }
  for (const nn::OuterProductGradient& kernel : sharding.kernels()) units_ += kernel.units;
}

int64_t MessageSizes::Scattered(const BatchPartition& batch, int sender, int owner) const {
  const auto to = static_cast<size_t>(owner);
  const size_t num_nodes = batch.NodesOfRank(sender).size();
  const int64_t images = batch.ImagesOfRank(sender).size();
  const int64_t numbers =
      static_cast<int64_t>(num_nodes) * summed_[to] + images * (rows_[to] + units_);
  return HeaderFloats(num_nodes) + FloatsFor(numbers * number_bytes_);
}

}  // namespace convoy::step
