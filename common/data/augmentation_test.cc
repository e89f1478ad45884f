#include "common/data/augmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace convoy::data {
namespace {

using ::testing::HasSubstr;

constexpr AugmentationConfig kEverything{.shift = 2, .rotation = 12, .zoom = 0.1, .elastic = 1};

std::vector<uint8_t> NoiseImage(int height, int width, int channels) {
  RandomSequence random(3, RandomStream::kNoise, 1);
  std::vector<uint8_t> image(static_cast<size_t>(height * width * channels));
  for (uint8_t& pixel : image) pixel = static_cast<uint8_t>(random.NextBelow(256));
  return image;
}

// A bright square of 8 pixels in the middle of 28 x 28.
std::vector<uint8_t> Square() {
  std::vector<uint8_t> image(28 * 28);
  for (size_t y = 10; y < 18; ++y) {
    for (size_t x = 10; x < 18; ++x) image[y * 28 + x] = 200;
  }
  return image;
}

std::vector<uint8_t> Augment(const AugmentationConfig& config, const std::vector<uint8_t>& image,
                             uint32_t index, uint32_t epoch = 0, uint64_t seed = 42) {
  Augmenter augmenter(config, 28, 28, 1);
  std::vector<uint8_t> augmented(image.size(), 99);
  augmenter.Apply(seed, epoch, index, image.data(), augmented.data());
  return augmented;
}

double Mass(const std::vector<uint8_t>& image) {
  return std::accumulate(image.begin(), image.end(), 0.0);
}

struct Centre {
  double x = 0;
  double y = 0;
};

Centre CentreOf(const std::vector<uint8_t>& image) {
  Centre centre;
  for (size_t i = 0; i < image.size(); ++i) {
    centre.x += static_cast<double>(i % 28) * image[i] / Mass(image);
    centre.y += static_cast<double>(i / 28) * image[i] / Mass(image);
  }
  return centre;
}

TEST(AugmenterTest, NothingAskedIsNothingDone) {
  EXPECT_FALSE(AugmentationConfig().any());
  for (const auto& [height, width, channels] :
       {std::array{28, 28, 1}, {1, 1, 1}, {5, 3, 2}, {2, 9, 3}}) {
    const std::vector<uint8_t> image = NoiseImage(height, width, channels);
    std::vector<uint8_t> augmented(image.size(), 99);
    Augmenter({}, height, width, channels).Apply(1, 2, 3, image.data(), augmented.data());
    EXPECT_EQ(augmented, image) << height << "x" << width << "x" << channels;
  }
}

TEST(AugmenterTest, DependsOnSeedEpochAndIndexAlone) {
  const std::vector<uint8_t> image = NoiseImage(28, 28, 1);
  const std::vector<uint8_t> first = Augment(kEverything, image, 7);
  EXPECT_NE(first, image);
  EXPECT_NE(Augment(kEverything, image, 8), first);
  EXPECT_NE(Augment(kEverything, image, 7, 1), first);
  EXPECT_NE(Augment(kEverything, image, 7, 0, 43), first);
  Augmenter used(kEverything, 28, 28, 1);
  std::vector<uint8_t> again(image.size());
  used.Apply(42, 5, 9, Square().data(), again.data());
  used.Apply(42, 0, 7, image.data(), again.data());
  EXPECT_EQ(again, first);
}

TEST(AugmenterTest, ShiftMovesTheCentreUpToItsLimit) {
  double largest = 0;
  Centre mean;
  for (uint32_t i = 0; i < 400; ++i) {
    const std::vector<uint8_t> moved = Augment({.shift = 3}, Square(), i);
    const Centre centre = CentreOf(moved);
    EXPECT_NEAR(Mass(moved), Mass(Square()), 0.02 * Mass(Square()));
    EXPECT_LE(std::abs(centre.x - 13.5), 3.01);
    EXPECT_LE(std::abs(centre.y - 13.5), 3.01);
    largest = std::max(largest, std::abs(centre.x - 13.5));
    mean.x += (centre.x - 13.5) / 400;
    mean.y += (centre.y - 13.5) / 400;
  }
  EXPECT_GT(largest, 2.9);
  EXPECT_NEAR(mean.x, 0, 0.3);  // the mean's deviation is 0.09
  EXPECT_NEAR(mean.y, 0, 0.3);
}

TEST(AugmenterTest, RotationAndZoomKeepTheCentre) {
  double least = 1e9;
  double most = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    const std::vector<uint8_t> moved = Augment({.rotation = 30, .zoom = 0.2}, Square(), i);
    EXPECT_NEAR(CentreOf(moved).x, 13.5, 0.1);
    EXPECT_NEAR(CentreOf(moved).y, 13.5, 0.1);
    least = std::min(least, Mass(moved) / Mass(Square()));
    most = std::max(most, Mass(moved) / Mass(Square()));
  }
  EXPECT_GT(least, 0.8 * 0.8 - 0.02);
  EXPECT_LT(least, 0.75);
  EXPECT_LT(most, 1.2 * 1.2 + 0.02);
  EXPECT_GT(most, 1.3);
}

// A level bar's slope, by its second moments.
TEST(AugmenterTest, RotationTurnsByItsAngle) {
  std::vector<uint8_t> bar(28 * 28);
  for (size_t x = 4; x < 24; ++x) bar[13 * 28 + x] = bar[14 * 28 + x] = 255;
  double steepest = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    const std::vector<uint8_t> turned = Augment({.rotation = 10}, bar, i);
    double xx = 0;
    double xy = 0;
    for (size_t p = 0; p < turned.size(); ++p) {
      const double x = static_cast<double>(p % 28) - 13.5;
      const double y = static_cast<double>(p / 28) - 13.5;
      xx += x * x * turned[p];
      xy += x * y * turned[p];
    }
    steepest = std::max(steepest, std::abs(xy / xx));
  }
  EXPECT_NEAR(steepest, std::tan(10 * std::acos(-1.0) / 180), 0.01);
}

// The field's deviation, seen by how far single bright lines move.
TEST(AugmenterTest, ElasticDisplacesByItsDeviation) {
  double square = 0;
  constexpr uint32_t kImages = 400;
  for (uint32_t i = 0; i < kImages; ++i) {
    std::vector<uint8_t> line(28 * 28);
    for (size_t y = 0; y < 28; ++y) line[y * 28 + 14] = 255;
    const std::vector<uint8_t> bent = Augment({.elastic = 1}, line, i);
    double mass = 0;
    double moment = 0;
    for (size_t x = 0; x < 28; ++x) {
      mass += bent[14 * 28 + x];
      moment += bent[14 * 28 + x] * (static_cast<double>(x) - 14);
    }
    square += std::pow(moment / mass, 2) / kImages;
  }
  EXPECT_NEAR(std::sqrt(square), 1, 0.15);
}

// The same bits on every machine: these were written down once.
TEST(AugmenterTest, BitsStay) {
  uint64_t hash = 14695981039346656037u;
  const std::vector<uint8_t> image = NoiseImage(28, 28, 1);
  for (uint32_t i = 0; i < 20; ++i) {
    for (const uint8_t pixel : Augment(kEverything, image, i))
      hash = (hash ^ pixel) * 1099511628211u;
  }
  EXPECT_EQ(hash, 6254260975264040215u);
}

TEST(AugmenterTest, SenselessValuesNameTheirField) {
  const auto error = [](const AugmentationConfig& config) {
    const absl::Status status = ValidateAugmentation(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error({.shift = -1}), HasSubstr("augmentation.shift: must be from 0 to 1000 pixels"));
  EXPECT_THAT(error({.rotation = 181}), HasSubstr("augmentation.rotation"));
  EXPECT_THAT(error({.zoom = 1}), HasSubstr("augmentation.zoom"));
  EXPECT_THAT(error({.elastic = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("augmentation.elastic"));
  EXPECT_TRUE(ValidateAugmentation(kEverything).ok());
}

}  // namespace
}  // namespace convoy::data
