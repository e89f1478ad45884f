#include "worker/train/micro_batch_runner.h"

namespace convoy::train {

MicroBatchRunner::MicroBatchRunner(const nn::Plan& plan, const data::DatasetView& images,
                                   int max_images)
    : images_(images),
      executor_(plan, max_images),
      pixels_(static_cast<size_t>(max_images)),
      labels_(static_cast<size_t>(max_images)) {}

kernels::LossSums MicroBatchRunner::Run(const nn::PreparedWeights& weights, uint64_t seed,
                                        uint32_t epoch, const uint32_t* image_index, int num_images,
                                        const nn::GradientTarget& target) {
  for (int i = 0; i < num_images; ++i) {
    pixels_[static_cast<size_t>(i)] = images_.image(image_index[i]);
    labels_[static_cast<size_t>(i)] = images_.labels[image_index[i]];
  }
  const nn::Pass pass{
      .num_images = num_images, .image_index = image_index, .seed = seed, .epoch = epoch};
  const nn::ImageBatch batch{
      .num_images = num_images, .pixels = pixels_.data(), .labels = labels_.data()};
  return executor_.Train(weights, pass, batch, target);
}

metrics::PhaseSeconds MeanPassSeconds(const std::vector<MicroBatchRunner>& runners) {
  metrics::PhaseSeconds mean;
  for (const MicroBatchRunner& runner : runners) {
    const nn::ExecutorSeconds& seconds = runner.executor().seconds();
    mean.data += seconds.data / static_cast<double>(runners.size());
    mean.forward += seconds.forward / static_cast<double>(runners.size());
    mean.backward += seconds.backward / static_cast<double>(runners.size());
  }
  return mean;
}

}  // namespace convoy::train
