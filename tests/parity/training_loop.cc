#include "tests/parity/training_loop.h"

#include "common/base/check.h"
#include "common/data/sampler.h"
#include "common/nn/builtin_models.h"
#include "worker/step/exact_step.h"

namespace convoy::parity {

nn::Network NotebookWithoutDropout() {
  nn::ModelSpec spec = nn::LoadModelSpec("notebook").value();
  std::erase_if(spec.layers, [](const nn::LayerSpec& layer) {
    return std::holds_alternative<nn::DropoutSpec>(layer.kind);
  });
  return nn::Network::Create(spec).value();
}

TrainingLoop::TrainingLoop(const nn::Network& network, const data::DatasetView& images,
                           uint64_t seed)
    : plan_(network),
      num_images_(images.count),
      seed_(seed),
      batches_(1, step::BatchPartition(kBatchSize, kMicroBatch, {1})),
      optimizer_(optim::Optimizer::Create({}).value()),
      world_(1),
      rank_(world_.MakeCommunicator(0)),
      team_(1) {
  runners_.emplace_back(plan_, images, static_cast<int>(kMicroBatch));
  step_ = step::ExactStep::Create(*rank_, team_, runners_, *optimizer_, plan_, batches_).value();
  std::vector<float> initial(static_cast<size_t>(network.num_parameters()));
  nn::InitializeWeights(network, seed, initial.data());
  CONVOY_CHECK(step_->SetWeights(initial.data()).ok());
  data::EpochOrder(seed, /*epoch=*/0, images.count, &order_);
}

double TrainingLoop::Step() {
  const data::Range batch = data::BatchRange(num_images_, kBatchSize, steps_done_);
  CONVOY_CHECK_EQ(batch.size(), kBatchSize);
  return StepOn(order_.data() + batch.begin);
}

double TrainingLoop::StepOn(const uint32_t* batch) {
  const auto result =
      step_->Run({.image_index = batch,
                  .seed = seed_,
                  .hyperparameters = {.step = ++steps_done_,
                                      .learning_rate = optim::OptimizerConfig().learning_rate,
                                      .grad_scale = 1.0f / kBatchSize}});
  CONVOY_CHECK(result.ok());
  return result->loss / kBatchSize;
}

std::vector<float> TrainingLoop::weights() const {
  const float* current = step_->weights().current();
  return {current, current + network().num_parameters()};
}

}  // namespace convoy::parity
