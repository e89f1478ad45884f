#include "common/nn/plan/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "common/nn/plan/network_testing.h"
#include "common/nn/plan/reference_network.h"

namespace convoy::nn {
namespace {

constexpr int kMaxImages = 17;
// Relative L2 distance of each parameter's gradient from that in double.
constexpr double kGradientTolerance = 5e-5;
// A parameter that is off by less of the whole gradient may be off by more of its own, which is
// nearly nothing then.
constexpr double kNoGradient = 1e-7;
// Of the mean loss, relative to 1 + its value.
constexpr double kLossTolerance = 2e-6;

// A compiled network with weights and noise images on which rounding decides nothing.
struct Bench {
  explicit Bench(const Network& network)
      : plan(network), weights(NoisyWeights(network)), exact_weights(ToDouble(weights)) {
    prepared = AlignedBuffer<float>(static_cast<size_t>(plan.prepared_floats()));
    plan.Prepare(weights.data(), prepared.data());
  }

  PreparedWeights Prepared() const {
    return {.weights = weights.data(), .prepared = prepared.data()};
  }
  TestImages ClearImages(int count) const {
    return ClearNoiseImages(plan.network(), exact_weights, count);
  }
  // Whether the reference takes a tenth of a second an image or more.
  bool large() const { return weights.size() > 1'000'000; }
  // Returns a gradient full of NaN, so that it shows what a pass does not write.
  std::vector<float> Gradient() const {
    return std::vector<float>(weights.size(), std::numeric_limits<float>::quiet_NaN());
  }

  Plan plan;
  std::vector<float> weights;
  std::vector<double> exact_weights;
  AlignedBuffer<float> prepared;
};

void ExpectLossNear(double actual, double expected, int num_images) {
  EXPECT_NEAR(actual, expected, kLossTolerance * (num_images + expected));
}

void ExpectTrainMatchesReference(const Bench& bench, TestImages images, Executor* executor) {
  ReferenceNetwork<double> reference(bench.plan.network());
  std::vector<double> expected(bench.weights.size());
  const double loss = reference.Loss(images.TrainingPass(), bench.exact_weights.data(),
                                     images.UnitValues().data(), images.labels(), expected.data());
  std::vector<float> gradient = bench.Gradient();
  const kernels::LossSums sums = executor->Train(bench.Prepared(), images.TrainingPass(),
                                                 images.Batch(), {.gradient = gradient.data()});
  ExpectLossNear(sums.loss, loss, images.count());
  EXPECT_EQ(sums.correct, reference.correct());
  for (const TensorError& error : GradientErrors(bench.plan.network(), gradient, expected)) {
    if (error.part_of_whole < kNoGradient) continue;
    EXPECT_LT(error.relative_l2, kGradientTolerance) << error.name;
  }
}

class ExecutorTest : public ::testing::TestWithParam<Network> {};

INSTANTIATE_TEST_SUITE_P(AllNetworks, ExecutorTest, ::testing::ValuesIn(AllNetworks()),
                         [](const auto& param) { return param.param.spec().name; });

class ExecutorBatchTest : public ::testing::TestWithParam<Network> {};

INSTANTIATE_TEST_SUITE_P(BatchNetworks, ExecutorBatchTest, ::testing::ValuesIn(BatchNetworks()),
                         [](const auto& param) { return param.param.spec().name; });

// Also what the pass leaves for the moving statistics.
TEST_P(ExecutorBatchTest, TrainMatchesReference) {
  const Bench bench(GetParam());
  Executor executor(bench.plan, kMaxImages);
  for (const int count : {4, 0, 1, 3}) {
    SCOPED_TRACE(count);
    ExpectTrainMatchesReference(bench, bench.ClearImages(count), &executor);
  }
}

TEST_P(ExecutorBatchTest, SmoothedLabelsMatchReference) {
  const Bench bench(GetParam());
  TestImages images = bench.ClearImages(3);
  Pass pass = images.TrainingPass();
  pass.label_smoothing = 0.125f;
  ReferenceNetwork<double> reference(bench.plan.network());
  std::vector<double> expected(bench.weights.size());
  const double loss = reference.Loss(pass, bench.exact_weights.data(), images.UnitValues().data(),
                                     images.labels(), expected.data());
  std::vector<float> gradient = bench.Gradient();
  Executor executor(bench.plan, kMaxImages);
  const kernels::LossSums sums =
      executor.Train(bench.Prepared(), pass, images.Batch(), {.gradient = gradient.data()});
  ExpectLossNear(sums.loss, loss, images.count());
  for (const TensorError& error : GradientErrors(bench.plan.network(), gradient, expected)) {
    if (error.part_of_whole < kNoGradient) continue;
    EXPECT_LT(error.relative_l2, kGradientTolerance) << error.name;
  }
}

TEST_P(ExecutorBatchTest, PredictUsesMovingStatistics) {
  const Bench bench(GetParam());
  const auto classes = static_cast<size_t>(bench.plan.network().num_classes());
  TestImages images = NoiseImages(bench.plan.network(), 5);
  ReferenceNetwork<double> reference(bench.plan.network());
  std::vector<double> expected =
      reference.Infer(5, bench.exact_weights.data(), images.UnitValues().data());
  kernels::SoftmaxRef(5, static_cast<int>(classes), expected.data(), expected.data());
  Executor executor(bench.plan, kMaxImages);
  std::vector<float> together(5 * classes);
  executor.Predict(bench.Prepared(), images.Batch(), together.data());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(together[i], expected[i], 3e-6) << i;
  for (int image = 0; image < 5; ++image) {
    std::vector<float> alone(classes);
    executor.Predict(bench.Prepared(), images.Slice(image, 1).Batch(), alone.data());
    const auto first = together.begin() + image * static_cast<int64_t>(classes);
    EXPECT_EQ(alone, std::vector<float>(first, first + static_cast<int64_t>(classes))) << image;
  }
}

// The passes follow one another in one executor, so that nothing of a larger one may remain.
TEST_P(ExecutorTest, TrainMatchesReference) {
  const Bench bench(GetParam());
  const TestImages images = bench.ClearImages(bench.large() ? 3 : kMaxImages);
  Executor executor(bench.plan, kMaxImages);
  for (const int count : {images.count(), 0, 1, images.count() - 1}) {
    SCOPED_TRACE(count);
    ExpectTrainMatchesReference(bench, images.Slice(images.count() - count, count), &executor);
  }
}

TEST_P(ExecutorTest, ImagesInAnotherOrderGetTheSameDropout) {
  const Bench bench(GetParam());
  Executor executor(bench.plan, 3);
  ExpectTrainMatchesReference(bench, bench.ClearImages(3).Reversed(), &executor);
}

TEST_P(ExecutorTest, EvaluateMatchesReferenceWithoutDropout) {
  const Bench bench(GetParam());
  TestImages images = bench.ClearImages(5);
  ReferenceNetwork<double> reference(bench.plan.network());
  const double loss = reference.Evaluate(images.count(), bench.exact_weights.data(),
                                         images.UnitValues().data(), images.labels());
  Executor executor(bench.plan, kMaxImages);
  const kernels::LossSums sums = executor.Evaluate(bench.Prepared(), images.Batch());
  ExpectLossNear(sums.loss, loss, images.count());
  EXPECT_EQ(sums.correct, reference.correct());
}

TEST_P(ExecutorTest, PredictMatchesReferenceWithoutDropout) {
  const Bench bench(GetParam());
  const int classes = bench.plan.network().num_classes();
  TestImages images = bench.ClearImages(5);
  ReferenceNetwork<double> reference(bench.plan.network());
  std::vector<double> expected =
      reference.Infer(images.count(), bench.exact_weights.data(), images.UnitValues().data());
  kernels::SoftmaxRef(images.count(), classes, expected.data(), expected.data());
  Executor executor(bench.plan, kMaxImages);
  std::vector<float> probabilities(expected.size(), std::nanf(""));
  executor.Predict(bench.Prepared(), images.Batch(), probabilities.data());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(probabilities[i], expected[i], 2e-6) << i;
  }
}

// The promise of Operation::Infer.
TEST_P(ExecutorTest, PredictGivesAnImageTheSameBitsInAnyBatch) {
  const Bench bench(GetParam());
  const auto classes = static_cast<size_t>(bench.plan.network().num_classes());
  TestImages images = NoiseImages(bench.plan.network(), kMaxImages);
  Executor executor(bench.plan, kMaxImages);
  std::vector<float> together(kMaxImages * classes);
  executor.Predict(bench.Prepared(), images.Batch(), together.data());
  for (const int size : {1, 3, 8}) {
    std::vector<float> apart(together.size());
    for (int first = 0; first < kMaxImages; first += size) {
      TestImages part = images.Slice(first, std::min(size, kMaxImages - first));
      executor.Predict(bench.Prepared(), part.Batch(),
                       apart.data() + static_cast<size_t>(first) * classes);
    }
    EXPECT_EQ(apart, together) << "in batches of " << size;
  }
}

TEST_P(ExecutorTest, TheSamePassGivesTheSameBits) {
  const Bench bench(GetParam());
  TestImages images = NoiseImages(bench.plan.network(), 16);
  TestImages others = images.Slice(1, images.count() / 2);
  Executor executor(bench.plan, 16);
  Executor larger(bench.plan, 31);
  std::vector<float> first = bench.Gradient();
  std::vector<float> again = bench.Gradient();
  std::vector<float> elsewhere = bench.Gradient();
  const auto train = [&](Executor* on, TestImages* what, std::vector<float>* gradient) {
    return on->Train(bench.Prepared(), what->TrainingPass(), what->Batch(),
                     {.gradient = gradient->data()});
  };
  const kernels::LossSums sums = train(&executor, &images, &first);
  std::vector<float> unused = bench.Gradient();
  train(&executor, &others, &unused);
  EXPECT_EQ(train(&executor, &images, &again).loss, sums.loss);
  EXPECT_EQ(train(&larger, &images, &elsewhere).loss, sums.loss);
  EXPECT_EQ(again, first);
  EXPECT_EQ(elsewhere, first);
}

// Notes what a listener may read, at the moment when it may.
class CopyingListener : public PassListener {
 public:
  CopyingListener(const std::vector<float>& gradient, std::vector<float>* copy)
      : gradient_(gradient), copy_(copy), end_(static_cast<int64_t>(gradient.size())) {}

  void OnGradientFrom(int64_t begin) override {
    EXPECT_LT(begin, end_);
    std::copy(gradient_.begin() + begin, gradient_.begin() + end_, copy_->begin() + begin);
    end_ = begin;
  }

  int64_t end() const { return end_; }

 private:
  const std::vector<float>& gradient_;
  std::vector<float>* copy_;
  int64_t end_;  // where the copy begins so far
};

TEST_P(ExecutorTest, ListenerHearsOfEveryParameterOnceItIsComplete) {
  const Bench bench(GetParam());
  TestImages images = NoiseImages(bench.plan.network(), 2);
  Executor executor(bench.plan, 2);
  std::vector<float> gradient = bench.Gradient();
  std::vector<float> copy = bench.Gradient();
  CopyingListener listener(gradient, &copy);
  executor.Train(bench.Prepared(), images.TrainingPass(), images.Batch(),
                 {.gradient = gradient.data(), .listener = &listener});
  EXPECT_EQ(listener.end(), 0);
  EXPECT_EQ(copy, gradient);
}

}  // namespace
}  // namespace convoy::nn
