#include "common/evaluate/occlusion.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/evaluate/evaluate_testing.h"

namespace convoy::evaluate {
namespace {

constexpr int kSize = 28;
constexpr int kSide = 5;  // a fifth of it

// The probability of `label` where the square at (top, left) is covered with black.
double Without(const std::shared_ptr<const LoadedModel>& model, std::vector<uint8_t> pixels,
               int top, int left, int label) {
  for (int y = top; y < top + kSide; ++y) std::fill_n(pixels.data() + y * kSize + left, kSide, 0);
  std::vector<float> probabilities(10);
  const uint8_t* image = pixels.data();
  Predictor(model).Predict(&image, 1, probabilities.data());
  return probabilities[static_cast<size_t>(label)];
}

// Noise within a black frame, which is then the colour that covers.
std::vector<uint8_t> FramedNoise() {
  const data::Dataset data = NoiseDataset(1);
  std::vector<uint8_t> pixels(data.View().image(0), data.View().image(0) + kSize * kSize);
  for (int i = 0; i < kSize; ++i) {
    for (const int at : {i, (kSize - 1) * kSize + i, i * kSize, i * kSize + kSize - 1}) {
      pixels[static_cast<size_t>(at)] = 0;
    }
  }
  return pixels;
}

TEST(OcclusionTest, DropsAreMeansOverTheSquaresThatCover) {
  const auto model = UntrainedModel();
  const std::vector<uint8_t> pixels = FramedNoise();
  const Occlusion found = Occlude(model, pixels.data(), 1);
  EXPECT_EQ(found.side, kSide);
  ASSERT_EQ(found.drops.size(), size_t{kSize * kSize});
  // The corner is covered by one square, the pixel beside it by two.
  const double corner = found.probability - Without(model, pixels, 0, 0, found.label);
  const double beside = found.probability - Without(model, pixels, 0, 1, found.label);
  EXPECT_FLOAT_EQ(found.drops[0], static_cast<float>(corner));
  EXPECT_NEAR(found.drops[1], (corner + beside) / 2, 1e-7);
  const double last = found.probability - Without(model, pixels, 23, 23, found.label);
  EXPECT_FLOAT_EQ(found.drops.back(), static_cast<float>(last));
}

TEST(OcclusionTest, NoSquareCostsMoreThanTheDearest) {
  const auto model = UntrainedModel();
  const std::vector<uint8_t> pixels = FramedNoise();
  const Occlusion found = Occlude(model, pixels.data(), 2);
  EXPECT_EQ(found.probability_without, Without(model, pixels, found.top, found.left, found.label));
  for (int top = 0; top <= kSize - kSide; ++top) {
    for (int left = 0; left <= kSize - kSide; left += 3) {
      EXPECT_GE(Without(model, pixels, top, left, found.label), found.probability_without);
    }
  }
}

TEST(OcclusionTest, NothingHangsOnAnEmptyImage) {
  const std::vector<uint8_t> empty(kSize * kSize, 77);
  const Occlusion found = Occlude(UntrainedModel(), empty.data(), 1);
  for (const float drop : found.drops) EXPECT_EQ(drop, 0);
  EXPECT_EQ(found.label_without, found.label);
}

TEST(OcclusionTest, SameAtAnyNumberOfThreads) {
  const auto model = UntrainedModel();
  const std::vector<uint8_t> pixels = FramedNoise();
  EXPECT_EQ(Occlude(model, pixels.data(), 1).drops, Occlude(model, pixels.data(), 3).drops);
}

}  // namespace
}  // namespace convoy::evaluate
