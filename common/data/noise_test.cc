#include "common/data/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "common/base/exact_random.h"
#include "common/base/sha256.h"

namespace convoy::data {
namespace {

std::vector<uint8_t> Noisy(const std::vector<uint8_t>& image, double level, uint64_t seed,
                           uint32_t index) {
  std::vector<uint8_t> dst(image.size());
  AddNoise(image.data(), static_cast<int64_t>(image.size()), level, seed, index, dst.data());
  return dst;
}

const std::vector<uint8_t>& Grey() {
  static const auto* image = new std::vector<uint8_t>(100000, 128);
  return *image;
}

TEST(NoiseTest, LogarithmIsTheLibrarysToFifteenDigits) {
  for (double x = 1e-12; x < 1e12; x *= 1.37) {
    EXPECT_NEAR(ExactLog(x), std::log(x), 2e-15 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
  EXPECT_EQ(ExactLog(1), 0);
}

TEST(NoiseTest, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
  RandomSequence random(1, RandomStream::kNoise);
  constexpr int kCount = 1'000'000;
  double moments[5] = {};
  int beyond_three = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = Normal(random);
    double power = 1;
    for (double& moment : moments) {
      moment += power / kCount;
      power *= x;
    }
    beyond_three += std::abs(x) > 3;
  }
  EXPECT_NEAR(moments[1], 0, 0.005);
  EXPECT_NEAR(moments[2], 1, 0.01);
  EXPECT_NEAR(moments[3], 0, 0.02);
  EXPECT_NEAR(moments[4], 3, 0.05);
  EXPECT_NEAR(beyond_three, 0.0027 * kCount, 200);
}

TEST(NoiseTest, DeviationIsTheLevel) {
  double sum = 0;
  double squares = 0;
  for (const uint8_t value : Noisy(Grey(), 0.1, 1, 0)) {
    sum += value - 128;
    squares += (value - 128) * (value - 128);
  }
  const auto count = static_cast<double>(Grey().size());
  EXPECT_NEAR(sum / count, 0, 0.3);
  EXPECT_NEAR(std::sqrt(squares / count), 25.5, 0.3);
}

TEST(NoiseTest, ClipsToBlackAndWhite) {
  int black = 0;
  int white = 0;
  for (const uint8_t value : Noisy(Grey(), kMaxNoiseLevel, 1, 0)) {
    black += value == 0;
    white += value == 255;
  }
  EXPECT_GT(black, 45000);
  EXPECT_GT(white, 45000);
}

TEST(NoiseTest, LevelZeroChangesNothing) {
  const std::vector<uint8_t> image = {0, 1, 127, 254, 255};
  EXPECT_EQ(Noisy(image, 0, 5, 6), image);
}

TEST(NoiseTest, IsAFunctionOfSeedAndImage) {
  EXPECT_EQ(Noisy(Grey(), 0.3, 7, 11), Noisy(Grey(), 0.3, 7, 11));
  EXPECT_NE(Noisy(Grey(), 0.3, 7, 11), Noisy(Grey(), 0.3, 7, 12));
  EXPECT_NE(Noisy(Grey(), 0.3, 7, 11), Noisy(Grey(), 0.3, 8, 11));
  std::vector<uint8_t> in_place = Grey();
  AddNoise(in_place.data(), static_cast<int64_t>(in_place.size()), 0.3, 7, 11, in_place.data());
  EXPECT_EQ(in_place, Noisy(Grey(), 0.3, 7, 11));
}

// The same noise on every machine and in every version.
TEST(NoiseTest, BytesAreThoseOfTheFirstVersion) {
  const std::vector<uint8_t> noisy = Noisy(Grey(), 0.3, 42, 3);
  Sha256 sha;
  sha.Update({reinterpret_cast<const char*>(noisy.data()), noisy.size()});
  EXPECT_EQ(sha.HexDigest(), "703071b3c2bc545690bf9c90403d8d36f86c99d26cc00e54f729b821ac0c942d");
}

TEST(NoiseTest, RefusesLevelsThatMakeNoSense) {
  EXPECT_TRUE(CheckNoiseLevel(0).ok());
  EXPECT_TRUE(CheckNoiseLevel(kMaxNoiseLevel).ok());
  EXPECT_FALSE(CheckNoiseLevel(-0.1).ok());
  EXPECT_FALSE(CheckNoiseLevel(10.1).ok());
  EXPECT_FALSE(CheckNoiseLevel(std::numeric_limits<double>::quiet_NaN()).ok());
  EXPECT_EQ(CheckNoiseLevel(-1).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoy::data
