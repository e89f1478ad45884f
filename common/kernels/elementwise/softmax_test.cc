#include "common/kernels/elementwise/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "common/kernels/elementwise/softmax_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Sizes {
  int n;
  int classes;
};

// Every size on every instruction set of the machine.
class SoftmaxTest : public ::testing::TestWithParam<std::tuple<Isa, int, int>> {
 protected:
  Sizes sizes() const { return {std::get<1>(GetParam()), std::get<2>(GetParam())}; }

 private:
  WithIsa with_isa_{std::get<0>(GetParam())};
};

TEST_P(SoftmaxTest, ProbabilitiesMatchReference) {
  const auto [n, classes] = sizes();
  for (double range : {1.0, 30.0, 300.0}) {
    const std::vector<float> logits = UniformValues(n * classes, 1, range);
    const std::vector<double> exact(logits.begin(), logits.end());
    std::vector<float> probabilities(logits.size());
    std::vector<double> expected(logits.size());
    Softmax(n, classes, logits.data(), probabilities.data());
    SoftmaxRef(n, classes, exact.data(), expected.data());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(probabilities[i], expected[i], 4e-7 * (1 + range) * expected[i] + 1e-44)
          << "at " << i;
    }
  }
}

TEST_P(SoftmaxTest, LossAndGradientMatchReference) {
  const auto [n, classes] = sizes();
  for (double range : {1.0, 30.0}) {
    const std::vector<float> logits = UniformValues(n * classes, 1, range);
    const std::vector<Label> labels = Labels(n, classes, 2);
    const std::vector<double> exact(logits.begin(), logits.end());
    std::vector<float> d_logits(logits.size());
    std::vector<float> losses(n);
    std::vector<double> expected_d_logits(logits.size());
    std::vector<double> expected_losses(n);
    const LossSums sums = SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(),
                                              d_logits.data(), losses.data());
    const LossSums expected = SoftmaxCrossEntropyRef(
        n, classes, exact.data(), labels.data(), expected_d_logits.data(), expected_losses.data());
    ExpectNear(losses, expected_losses, 5e-7);
    ExpectNear(d_logits, expected_d_logits, 3e-7);
    EXPECT_NEAR(sums.loss, expected.loss, 5e-7 * (n + expected.loss));
    EXPECT_EQ(sums.correct, expected.correct);
  }
}

TEST_P(SoftmaxTest, SmoothedLossAndGradientMatchReference) {
  const auto [n, classes] = sizes();
  const std::vector<float> logits = UniformValues(n * classes, 1, 10);
  const std::vector<Label> labels = Labels(n, classes, 2);
  const std::vector<double> exact(logits.begin(), logits.end());
  std::vector<float> d_logits(logits.size());
  std::vector<float> losses(n);
  std::vector<double> expected_d_logits(logits.size());
  std::vector<double> expected_losses(n);
  const double smoothing = 0.125;
  const LossSums sums = SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(),
                                            d_logits.data(), losses.data(), 0.125f);
  const LossSums expected =
      SoftmaxCrossEntropyRef(n, classes, exact.data(), labels.data(), expected_d_logits.data(),
                             expected_losses.data(), smoothing);
  ExpectNear(losses, expected_losses, 2e-6);
  ExpectNear(d_logits, expected_d_logits, 3e-7);
  EXPECT_EQ(sums.correct, expected.correct);
  const LossSums without_gradient =
      SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(), nullptr, nullptr, 0.125f);
  EXPECT_EQ(without_gradient.loss, sums.loss);
}

// With smoothing s the loss is (1 - s) times the plain one plus s times the mean over all labels.
TEST(SoftmaxSmoothingTest, LossMixesTheLossesOfAllLabels) {
  const std::vector<float> logits = {1.5f, -0.25f, 0.75f};
  double mean = 0;
  for (Label label = 0; label < 3; ++label) {
    mean += SoftmaxCrossEntropy(1, 3, logits.data(), &label, nullptr, nullptr).loss / 3;
  }
  const Label label = 2;
  const double plain = SoftmaxCrossEntropy(1, 3, logits.data(), &label, nullptr, nullptr).loss;
  EXPECT_NEAR(SoftmaxCrossEntropy(1, 3, logits.data(), &label, nullptr, nullptr, 0.2f).loss,
              0.8 * plain + 0.2 * mean, 1e-6);
}

TEST_P(SoftmaxTest, OneByOneAndInPlaceGiveTheSameBits) {
  const auto [n, classes] = sizes();
  const std::vector<float> logits = UniformValues(n * classes, 1, 5);
  const std::vector<Label> labels = Labels(n, classes, 2);
  std::vector<float> together = logits;
  std::vector<float> probabilities = logits;
  const LossSums sums =
      SoftmaxCrossEntropy(n, classes, together.data(), labels.data(), together.data(), nullptr);
  Softmax(n, classes, probabilities.data(), probabilities.data());
  LossSums added;
  std::vector<float> alone(logits.size());
  std::vector<float> alone_probabilities(logits.size());
  for (int i = 0; i < n; ++i) {
    const LossSums one = SoftmaxCrossEntropy(1, classes, &logits[i * classes], &labels[i],
                                             &alone[i * classes], nullptr);
    Softmax(1, classes, &logits[i * classes], &alone_probabilities[i * classes]);
    added.loss += one.loss;
    added.correct += one.correct;
  }
  ExpectSameBits(alone, together);
  ExpectSameBits(alone_probabilities, probabilities);
  EXPECT_EQ(added.loss, sums.loss);
  EXPECT_EQ(added.correct, sums.correct);
}

TEST_P(SoftmaxTest, EveryInstructionSetGivesTheSameBits) {
  const auto [n, classes] = sizes();
  const std::vector<float> logits = UniformValues(n * classes, 1, 5);
  const std::vector<Label> labels = Labels(n, classes, 2);
  std::vector<float> here(logits.size());
  std::vector<float> best(logits.size());
  const LossSums sums_here =
      SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(), here.data(), nullptr);
  const WithIsa with_isa(SupportedIsas().front());
  const LossSums sums_best =
      SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(), best.data(), nullptr);
  ExpectSameBits(here, best);
  EXPECT_EQ(sums_here.loss, sums_best.loss);
}

TEST_P(SoftmaxTest, WithoutGradientsTheSumsAreTheSame) {
  const auto [n, classes] = sizes();
  const std::vector<float> logits = UniformValues(n * classes, 1, 5);
  const std::vector<Label> labels = Labels(n, classes, 2);
  std::vector<float> d_logits(logits.size());
  const LossSums with =
      SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(), d_logits.data(), nullptr);
  const LossSums without =
      SoftmaxCrossEntropy(n, classes, logits.data(), labels.data(), nullptr, nullptr);
  EXPECT_EQ(with.loss, without.loss);
  EXPECT_EQ(with.correct, without.correct);
}

INSTANTIATE_TEST_SUITE_P(All, SoftmaxTest,
                         ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                                            ::testing::Values(0, 1, 7, 16),
                                            ::testing::Values(1, 2, 10, 15, 16, 17, 33, 1000)));

class SoftmaxCrossEntropyTest : public EveryIsaTest {};
CONVOY_INSTANTIATE_FOR_EVERY_ISA(SoftmaxCrossEntropyTest);

TEST(SoftmaxReferenceTest, GradientMatchesFiniteDifferences) {
  constexpr int kImages = 4;
  constexpr int kClasses = 5;
  std::vector<double> logits = UniformValues<double>(kImages * kClasses, 1, 2);
  const std::vector<Label> labels = Labels(kImages, kClasses, 2);
  std::vector<double> d_logits(logits.size());
  std::vector<double> unused(logits.size());
  std::vector<double> losses(kImages);
  SoftmaxCrossEntropyRef(kImages, kClasses, logits.data(), labels.data(), d_logits.data(),
                         losses.data());
  ExpectGradient(logits, d_logits, [&] {
    return SoftmaxCrossEntropyRef(kImages, kClasses, logits.data(), labels.data(), unused.data(),
                                  losses.data())
        .loss;
  });
}

TEST_P(SoftmaxCrossEntropyTest, OfEqualLogitsTheFirstCounts) {
  const float logits[] = {1, 3, 3, 0};
  for (Label label = 0; label < 4; ++label) {
    EXPECT_EQ(SoftmaxCrossEntropy(1, 4, logits, &label, nullptr, nullptr).correct, label == 1);
  }
}

TEST_P(SoftmaxCrossEntropyTest, HugeLogitsDoNotOverflow) {
  const float logits[] = {3e38f, -3e38f, 0};
  const Label right = 0;
  const Label wrong = 2;
  EXPECT_EQ(SoftmaxCrossEntropy(1, 3, logits, &right, nullptr, nullptr).loss, 0.0);
  EXPECT_EQ(SoftmaxCrossEntropy(1, 3, logits, &wrong, nullptr, nullptr).loss, double{3e38f});
}

TEST_P(SoftmaxCrossEntropyTest, LogitsThatAreNotFiniteGiveANanLoss) {
  for (int classes : {1, 3, 10, 40}) {
    for (float bad : {kNan, kInfinity}) {
      for (int at = 0; at < classes; ++at) {
        std::vector<float> logits = UniformValues(classes, 1);
        logits[at] = bad;
        std::vector<float> probabilities(logits.size());
        const Label label = static_cast<Label>(at);
        const LossSums sums =
            SoftmaxCrossEntropy(1, classes, logits.data(), &label, probabilities.data(), nullptr);
        EXPECT_TRUE(std::isnan(sums.loss));
        EXPECT_EQ(sums.correct, 0);
        EXPECT_TRUE(std::isnan(probabilities[at]));
        Softmax(1, classes, logits.data(), probabilities.data());
        EXPECT_TRUE(std::isnan(probabilities[at]));
      }
    }
  }
}

TEST_P(SoftmaxCrossEntropyTest, MinusInfinityIsProbabilityZero) {
  const float logits[] = {0, -kInfinity};
  float d_logits[2];
  const Label impossible = 1;
  EXPECT_EQ(SoftmaxCrossEntropy(1, 2, logits, &impossible, d_logits, nullptr).loss, kInfinity);
  EXPECT_EQ(d_logits[0], 1.0f);
  EXPECT_EQ(d_logits[1], -1.0f);
  const float none[] = {-kInfinity, -kInfinity};
  EXPECT_TRUE(std::isnan(SoftmaxCrossEntropy(1, 2, none, &impossible, nullptr, nullptr).loss));
}

}  // namespace
}  // namespace convoy::kernels
