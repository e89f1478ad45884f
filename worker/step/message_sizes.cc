#include "worker/step/message_sizes.h"

namespace convoy::step {
namespace {

constexpr int64_t kFloatsPerDouble = sizeof(double) / sizeof(float);
constexpr size_t kHeaderFlags = 2;

}  // namespace

int64_t HeaderFloats(size_t num_nodes) {
  return static_cast<int64_t>(num_nodes + kHeaderFlags) * kFloatsPerDouble;
}

MessageSizes::MessageSizes(const ShardingPlan& sharding) {
  for (int rank = 0; rank < sharding.world_size(); ++rank) {
    owned_.push_back(TotalSize(sharding.OwnedBy(rank)));
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
  return HeaderFloats(num_nodes) + static_cast<int64_t>(num_nodes) * summed_[to] +
         images * (rows_[to] + units_);
}

}  // namespace convoy::step
