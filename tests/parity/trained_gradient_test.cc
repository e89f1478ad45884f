#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/data/data_directory.h"
#include "common/data/digits/generated_digits.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/network_testing.h"
#include "common/nn/plan/reference_network.h"
#include "tests/parity/training_loop.h"

namespace convoy::parity {
namespace {

constexpr int kSteps = 100;
constexpr int kImages = 16;
// Relative L2 distance of each parameter's gradient from that in double.
constexpr double kTolerance = 5e-5;

data::Dataset GeneratedImages() {
  data::Dataset images{
      .count = kSteps * kBatchSize + 100, .height = 28, .width = 28, .num_classes = 10};
  images.pixels.resize(static_cast<size_t>(images.count * 28 * 28));
  images.labels.resize(static_cast<size_t>(images.count));
  data::GenerateDigits(/*seed=*/1, data::kGeneratedTrainSplit, images.count, /*num_threads=*/2,
                       images.pixels.data(), images.labels.data());
  return images;
}

// Returns MNIST's training images where it is at hand, generated ones elsewhere.
data::Dataset TrainingImages() {
  const data::DataChoice choice = data::FindDataDirectory("");
  if (choice.directory.empty()) return GeneratedImages();
  return data::LoadIdxDirectory(choice.directory).value().train;
}

// Takes from the end of the epoch, that is, images that were not trained on.
nn::TestImages ClearImages(const TrainingLoop& loop, const data::DatasetView& images) {
  const std::vector<double> weights = nn::ToDouble(loop.weights());
  nn::TestImages clear;
  for (size_t i = loop.order().size(); i-- > 0 && clear.count() < kImages;) {
    const uint32_t index = loop.order()[i];
    nn::TestImages candidate;
    candidate.Add(images.image(index), images.image_bytes(), images.labels[index], index);
    if (nn::DecidesClearly(loop.network(), weights, candidate)) clear.Append(candidate);
  }
  return clear;
}

// Compares a pass over images that were not trained on.
void ExpectGradientMatchesReference(const TrainingLoop& loop, const data::Dataset& dataset) {
  const nn::Network& network = loop.network();
  const std::vector<float> weights = loop.weights();
  nn::TestImages images = ClearImages(loop, dataset.View());
  ASSERT_EQ(images.count(), kImages);
  nn::ReferenceNetwork<double> reference(network);
  std::vector<double> expected(weights.size());
  const double loss = reference.Loss(images.TrainingPass(), nn::ToDouble(weights).data(),
                                     images.UnitValues().data(), images.labels(), expected.data());

  const nn::Plan plan(network);
  AlignedBuffer<float> prepared(static_cast<size_t>(plan.prepared_floats()));
  plan.Prepare(weights.data(), prepared.data());
  std::vector<float> gradient(weights.size());
  const kernels::LossSums sums =
      nn::Executor(plan, kImages)
          .Train({.weights = weights.data(), .prepared = prepared.data()}, images.TrainingPass(),
                 images.Batch(), {.gradient = gradient.data()});
  EXPECT_NEAR(sums.loss, loss, 1e-6 * (kImages + loss));
  for (const nn::TensorError& error : nn::GradientErrors(network, gradient, expected)) {
    ::testing::Test::RecordProperty(error.name, absl::StrFormat("%.1e", error.relative_l2));
    EXPECT_LT(error.relative_l2, kTolerance) << error.name;
  }
}

class TrainedGradientTest : public ::testing::TestWithParam<const char*> {
 protected:
  TrainedGradientTest()
      : dataset_(TrainingImages()),
        loop_(nn::Network::Create(nn::LoadModelSpec(GetParam()).value()).value(), dataset_.View(),
              /*seed=*/42) {}

  data::Dataset dataset_;
  TrainingLoop loop_;
};

INSTANTIATE_TEST_SUITE_P(Networks, TrainedGradientTest, ::testing::Values("notebook", "lenet5"),
                         [](const auto& param) { return std::string(param.param); });

// The biases are zero at first, so that whatever sees only the black background is exactly zero: a
// ReLU must not take a rounding error for a signal there.
TEST_P(TrainedGradientTest, MatchesTheReferenceOnInitialWeights) {
  ExpectGradientMatchesReference(loop_, dataset_);
}

// Trained weights make most activations zero and the gradients small: rounding shows more there
// than on initial ones.
TEST_P(TrainedGradientTest, MatchesTheReferenceOnTrainedWeights) {
  const double first_loss = loop_.Step();
  double last_loss = 0;
  for (int step = 1; step < kSteps; ++step) last_loss = loop_.Step();
  ASSERT_LT(last_loss, first_loss / 2) << "it has not learnt";
  ExpectGradientMatchesReference(loop_, dataset_);
}

}  // namespace
}  // namespace convoy::parity
