#include "tests/parity/training_loop.h"

#include "common/base/check.h"
#include "common/data/sampler.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "common/nn/builtin_models.h"

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
      images_(images),
      seed_(seed),
      executor_(plan_, kMicroBatch),
      optimizer_(optim::Optimizer::Create({}).value()),
      weights_(static_cast<size_t>(network.num_parameters())),
      prepared_(static_cast<size_t>(plan_.prepared_floats())),
      gradient_sum_(weights_.size()),
      gradient_(weights_.size()),
      slots_(optimizer_->SlotNames().size(), std::vector<float>(weights_.size())) {
  nn::InitializeWeights(network, seed, weights_.data());
  data::EpochOrder(seed, /*epoch=*/0, images.count, &order_);
}

double TrainingLoop::Step() {
  const data::Range batch = data::BatchRange(images_.count, kBatchSize, steps_done_);
  CONVOY_CHECK_EQ(batch.size(), kBatchSize);
  return StepOn(order_.data() + batch.begin);
}

double TrainingLoop::StepOn(const uint32_t* batch) {
  plan_.Prepare(weights_.data(), prepared_.data());
  const auto size = static_cast<int64_t>(weights_.size());
  double loss = 0;
  for (int64_t i = 0; i < data::MicroBatchCount(kBatchSize, kMicroBatch); ++i) {
    const data::Range part = data::MicroBatchRange(kBatchSize, kMicroBatch, i);
    std::vector<float>& gradient = i == 0 ? gradient_sum_ : gradient_;
    loss += TrainMicroBatch(batch + part.begin, static_cast<int>(part.size()), gradient.data());
    if (i > 0) kernels::Add(gradient_.data(), gradient_sum_.data(), size);
  }
  std::vector<float*> slots;
  for (std::vector<float>& slot : slots_) slots.push_back(slot.data());
  const optim::OptimizerConfig defaults;
  optimizer_->Update(++steps_done_, defaults.learning_rate, 1.0f / kBatchSize, size,
                     weights_.data(), gradient_sum_.data(), slots.data(), weights_.data());
  return loss / kBatchSize;
}

double TrainingLoop::TrainMicroBatch(const uint32_t* order, int num_images, float* gradient) {
  std::vector<const uint8_t*> pixels;
  std::vector<uint8_t> labels;
  for (int i = 0; i < num_images; ++i) {
    pixels.push_back(images_.image(order[i]));
    labels.push_back(images_.labels[order[i]]);
  }
  const nn::Pass pass{.num_images = num_images, .image_index = order, .seed = seed_, .epoch = 0};
  return executor_
      .Train({.weights = weights_.data(), .prepared = prepared_.data()}, pass,
             {.num_images = num_images, .pixels = pixels.data(), .labels = labels.data()},
             {.gradient = gradient})
      .loss;
}

}  // namespace convoy::parity
