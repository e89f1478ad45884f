#include "worker/step/micro_batch_runner.h"

#include "common/base/stopwatch.h"

namespace convoy::step {

MicroBatchRunner::MicroBatchRunner(const nn::Plan& plan, const data::DatasetView& images,
                                   int max_images, const PassOptions& options)
    : images_(images),
      options_(options),
      executor_(plan, max_images),
      pixels_(static_cast<size_t>(max_images)),
      labels_(static_cast<size_t>(max_images)),
      augmenter_(options.augmentation, images.height, images.width, images.channels),
      augmented_(options.augmentation.any() ? static_cast<size_t>(max_images * images.image_bytes())
                                            : 0) {}

// Returns the image as training sees it; `place` is its number in the pass.
const uint8_t* MicroBatchRunner::PixelsOf(uint64_t seed, uint32_t epoch, uint32_t image_index,
                                          int place) {
  const uint8_t* original = images_.image(image_index);
  if (augmented_.empty()) return original;
  uint8_t* augmented = augmented_.data() + place * images_.image_bytes();
  augmenter_.Apply(seed, epoch, image_index, original, augmented);
  return augmented;
}

kernels::LossSums MicroBatchRunner::Run(const nn::PreparedWeights& weights, uint64_t seed,
                                        uint32_t epoch, const uint32_t* image_index, int num_images,
                                        const nn::GradientTarget& target) {
  Stopwatch watch;
  for (int i = 0; i < num_images; ++i) {
    pixels_[static_cast<size_t>(i)] = PixelsOf(seed, epoch, image_index[i], i);
    labels_[static_cast<size_t>(i)] = images_.labels[image_index[i]];
  }
  augment_seconds_ += watch.Lap();
  const nn::Pass pass{.num_images = num_images,
                      .image_index = image_index,
                      .seed = seed,
                      .epoch = epoch,
                      .label_smoothing = options_.label_smoothing};
  const nn::ImageBatch batch{
      .num_images = num_images, .pixels = pixels_.data(), .labels = labels_.data()};
  return executor_.Train(weights, pass, batch, target);
}

metrics::PhaseSeconds MeanPassSeconds(const std::vector<MicroBatchRunner>& runners) {
  metrics::PhaseSeconds mean;
  for (const MicroBatchRunner& runner : runners) {
    const nn::ExecutorSeconds& seconds = runner.executor().seconds();
    mean.data += (seconds.data + runner.augment_seconds()) / static_cast<double>(runners.size());
    mean.forward += seconds.forward / static_cast<double>(runners.size());
    mean.backward += seconds.backward / static_cast<double>(runners.size());
  }
  return mean;
}

}  // namespace convoy::step
