#include "common/kernels/elementwise/dropout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "common/kernels/elementwise/dropout_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

class DropoutTest : public EveryIsaTest {};
CONVOY_INSTANTIATE_FOR_EVERY_ISA(DropoutTest);

constexpr DropoutKey kKey{42, 3, 5};

std::vector<uint32_t> ImageIndex(int n) {
  std::vector<uint32_t> index(n);
  for (int i = 0; i < n; ++i) index[i] = 7919u * i + 13;
  return index;
}

struct Dropped {
  std::vector<float> dst;
  std::vector<uint8_t> keep;
};

Dropped Forward(const DropoutKey& key, float rate, int n, int64_t elems,
                const std::vector<float>& src) {
  Dropped dropped{std::vector<float>(src.size()), std::vector<uint8_t>(src.size())};
  DropoutForward(key, rate, n, elems, ImageIndex(n).data(), src.data(), dropped.dst.data(),
                 dropped.keep.data());
  return dropped;
}

TEST_P(DropoutTest, MatchesReference) {
  for (float rate : {0.0f, 0.25f, 0.3f, 0.5f, 0.999f}) {
    for (int n : {0, 1, 3}) {
      for (int64_t elems : {1, 2, 5, 63, 64, 65, 128, 200, 1601}) {
        const std::vector<float> src = UniformValues(n * elems, 1);
        const Dropped dropped = Forward(kKey, rate, n, elems, src);
        Dropped expected{std::vector<float>(src.size()), std::vector<uint8_t>(src.size())};
        DropoutForwardRef(kKey, rate, n, elems, ImageIndex(n).data(), src.data(),
                          expected.dst.data(), expected.keep.data());
        ExpectSameBits(dropped.dst, expected.dst);
        EXPECT_EQ(dropped.keep, expected.keep);
        std::vector<float> d_src(src.size());
        std::vector<float> expected_d_src(src.size());
        DropoutBackward(rate, n * elems, dropped.keep.data(), src.data(), d_src.data());
        DropoutBackwardRef(rate, n * elems, dropped.keep.data(), src.data(), expected_d_src.data());
        ExpectSameBits(d_src, expected_d_src);
      }
    }
  }
}

TEST_P(DropoutTest, KeepsTheAskedShareAndScalesItUp) {
  constexpr int kImages = 100;
  constexpr int64_t kElems = 1000;
  for (float rate : {0.1f, 0.5f, 0.75f}) {
    const std::vector<float> ones(kImages * kElems, 1.0f);
    const Dropped dropped = Forward(kKey, rate, kImages, kElems, ones);
    const int kept = std::accumulate(dropped.keep.begin(), dropped.keep.end(), 0);
    EXPECT_NEAR(kept, (1 - rate) * kImages * kElems, 800);
    for (size_t i = 0; i < ones.size(); ++i) {
      ASSERT_EQ(dropped.dst[i], dropped.keep[i] ? 1.0f / (1.0f - rate) : 0.0f);
    }
  }
}

TEST_P(DropoutTest, RateZeroKeepsEverything) {
  const std::vector<float> src = UniformValues(300, 1);
  ExpectSameBits(Forward(kKey, 0.0f, 3, 100, src).dst, src);
}

TEST_P(DropoutTest, AnImageDoesNotDependOnItsBatch) {
  const std::vector<float> src = UniformValues(5 * 77, 1);
  const Dropped together = Forward(kKey, 0.5f, 5, 77, src);
  const std::vector<uint32_t> index = ImageIndex(5);
  std::vector<float> dst(src.size());
  std::vector<uint8_t> keep(src.size());
  for (int i = 4; i >= 0; --i) {
    DropoutForward(kKey, 0.5f, 1, 77, &index[i], &src[i * 77], &dst[i * 77], &keep[i * 77]);
  }
  ExpectSameBits(dst, together.dst);
  EXPECT_EQ(keep, together.keep);
}

TEST_P(DropoutTest, EveryPartOfTheKeyCounts) {
  const std::vector<float> src(1000, 1.0f);
  const Dropped base = Forward(kKey, 0.5f, 1, 1000, src);
  for (const DropoutKey& other : {DropoutKey{43, 3, 5}, DropoutKey{42 | (1ull << 40), 3, 5},
                                  DropoutKey{42, 4, 5}, DropoutKey{42, 3, 6}}) {
    const Dropped changed = Forward(other, 0.5f, 1, 1000, src);
    int differing = 0;
    for (size_t i = 0; i < src.size(); ++i) differing += changed.keep[i] != base.keep[i];
    EXPECT_NEAR(differing, 500, 80);
  }
}

TEST_P(DropoutTest, InPlaceGivesTheSameBits) {
  std::vector<float> values = UniformValues(2 * 133, 1);
  std::vector<uint8_t> keep(values.size());
  const Dropped apart = Forward(kKey, 0.4f, 2, 133, values);
  DropoutForward(kKey, 0.4f, 2, 133, ImageIndex(2).data(), values.data(), values.data(),
                 keep.data());
  ExpectSameBits(values, apart.dst);
}

TEST_P(DropoutTest, DroppedElementsAreZeroEvenIfNotFinite) {
  const std::vector<float> src(64, std::numeric_limits<float>::quiet_NaN());
  const Dropped dropped = Forward(kKey, 0.5f, 1, 64, src);
  for (size_t i = 0; i < src.size(); ++i) {
    EXPECT_EQ(std::isnan(dropped.dst[i]), dropped.keep[i] == 1);
    EXPECT_EQ(dropped.dst[i] == 0.0f, dropped.keep[i] == 0);
  }
}

TEST(DropoutReferenceTest, GradientMatchesFiniteDifferences) {
  std::vector<double> src = UniformValues<double>(40, 1);
  const std::vector<double> d_dst = UniformValues<double>(40, 2);
  const std::vector<uint32_t> index = ImageIndex(2);
  std::vector<double> dst(src.size());
  std::vector<double> d_src(src.size());
  std::vector<uint8_t> keep(src.size());
  const auto forward = [&] {
    DropoutForwardRef(kKey, 0.5, 2, 20, index.data(), src.data(), dst.data(), keep.data());
    return Dot(dst, d_dst);
  };
  forward();
  DropoutBackwardRef(0.5, 40, keep.data(), d_dst.data(), d_src.data());
  ExpectGradient(src, d_src, forward);
}

}  // namespace
}  // namespace convoy::kernels
