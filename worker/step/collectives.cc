#include "worker/step/collectives.h"

namespace convoy::step {

Collectives::Collectives(const std::vector<BatchPartition>& batches) {
  for (const BatchPartition& batch : batches) {
    batches_.push_back({.tree = SumProgram(batch.num_micro_batches(), batch.NodesOfAllRanks(),
                                           {0, batch.num_micro_batches()}),
                        .images = static_cast<int>(batch.batch_images())});
  }
}

void Collectives::BeginScatter(size_t batch) {
  scattered_.tree = &batches_[batch].tree;
  scattered_.batch_images = batches_[batch].images;
  scattered_.gradients.clear();
  scattered_.result = {};
  losses_.clear();
}

void Collectives::AddNode(const float* gradient, double loss) {
  scattered_.gradients.push_back(gradient);
  losses_.push_back(loss);
}

void Collectives::AddScalars(int64_t correct, bool stop_requested) {
  scattered_.result.correct += correct;
  scattered_.result.stop_requested |= stop_requested;
}

const ScatteredSums* Collectives::FinishScatter() {
  scattered_.result.loss =
      scattered_.tree->SumOf([this](int node) { return losses_[static_cast<size_t>(node)]; });
  return &scattered_;
}

absl::StatusOr<std::unique_ptr<Collectives>> CreateCollectives(
    comm::Communicator& communicator, const ShardingPlan& sharding,
    const std::vector<BatchPartition>& batches, int num_gradients) {
  if (communicator.on_one_host()) {
    return CreateSharedCollectives(communicator, sharding, batches, num_gradients);
  }
  return CreateMessageCollectives(communicator, sharding, batches, num_gradients);
}

}  // namespace convoy::step
