#include "common/kernels/elementwise/bfloat16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "common/kernels/elementwise/bfloat16_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

class Bfloat16Test : public EveryIsaTest {};

constexpr int64_t kSizes[] = {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 65, 1000};

float FromBits(uint32_t bits) { return std::bit_cast<float>(bits); }

float Rounded(float value) {
  RoundToBfloat16(&value, 1);
  return value;
}

// Floats of all sizes: any bits but those of a NaN.
std::vector<float> AnyValues(int64_t n, uint32_t stream) {
  RandomSequence random(31, RandomStream::kNoise, stream);
  std::vector<float> values;
  while (static_cast<int64_t>(values.size()) < n) {
    const uint32_t bits = random.NextBelow(1 << 16) << 16 | random.NextBelow(1 << 16);
    if (!std::isnan(FromBits(bits))) values.push_back(FromBits(bits));
  }
  return values;
}

TEST_P(Bfloat16Test, RoundsAsTheReferenceDoes) {
  for (const int64_t n : kSizes) {
    std::vector<float> values = AnyValues(n, static_cast<uint32_t>(n));
    std::vector<float> expected;
    for (const float value : values) expected.push_back(RoundToBfloat16Ref(value));
    RoundToBfloat16(values.data(), n);
    ExpectSameBits(values, expected);
  }
}

TEST_P(Bfloat16Test, TouchesOnlyWhatWasAsked) {
  std::vector<float> values(40, 1.0f + 0x1p-20f);
  RoundToBfloat16(&values[3], 30);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], i >= 3 && i < 33 ? 1.0f : 1.0f + 0x1p-20f);
  }
}

TEST_P(Bfloat16Test, TiesGoToTheEvenOne) {
  EXPECT_EQ(Rounded(1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(Rounded(1.0f + 0x3p-8f), 1.0f + 0x1p-6f);
  EXPECT_EQ(Rounded(-1.0f - 0x1p-8f), -1.0f);
  EXPECT_EQ(Rounded(1.0f + 0x1p-8f + 0x1p-23f), 1.0f + 0x1p-7f);
  EXPECT_EQ(Rounded(1.0f + 0x1p-8f - 0x1p-23f), 1.0f);
}

TEST_P(Bfloat16Test, SubnormalsAndZerosAreKept) {
  for (const uint32_t bits : {0x00000000u, 0x80000000u, 0x00010000u, 0x80010000u, 0x007f0000u}) {
    EXPECT_EQ(std::bit_cast<uint32_t>(Rounded(FromBits(bits))), bits);
  }
  EXPECT_EQ(std::bit_cast<uint32_t>(Rounded(FromBits(0x00008000))), 0u);  // a tie
  EXPECT_EQ(std::bit_cast<uint32_t>(Rounded(FromBits(0x80008001))), 0x80010000u);
  EXPECT_EQ(std::bit_cast<uint32_t>(Rounded(FromBits(0x007fffff))), 0x00800000u);  // now normal
}

TEST_P(Bfloat16Test, WhatIsTooLargeBecomesAnInfinityWhichStays) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Rounded(kInfinity), kInfinity);
  EXPECT_EQ(Rounded(-kInfinity), -kInfinity);
  EXPECT_EQ(Rounded(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(Rounded(std::numeric_limits<float>::lowest()), -kInfinity);
  EXPECT_EQ(Rounded(FromBits(0x7f7f7fff)), FromBits(0x7f7f0000));  // below the middle
}

TEST_P(Bfloat16Test, NansStayNans) {
  // Those whose upper half alone is infinity's, and those that a carry would wrap round.
  for (const uint32_t bits : {0x7f800001u, 0xff800001u, 0x7fc00000u, 0x7fffffffu, 0xffffffffu}) {
    for (const int64_t n : kSizes) {
      std::vector<float> values(static_cast<size_t>(n), FromBits(bits));
      RoundToBfloat16(values.data(), n);
      for (const float value : values) {
        ASSERT_TRUE(std::isnan(value));
        ASSERT_EQ(std::bit_cast<uint32_t>(value) & 0xffffu, 0u);
      }
      std::vector<uint16_t> packed(values.size());
      PackBfloat16(values.data(), packed.data(), n);
      UnpackBfloat16(packed.data(), values.data(), n);
      for (const float value : values) ASSERT_TRUE(std::isnan(value));
    }
  }
}

TEST_P(Bfloat16Test, SumsAreRounded) {
  for (const int64_t n : kSizes) {
    std::vector<float> a = UniformValues(n, 1);
    const std::vector<float> b = UniformValues(n, 2, 1000);
    std::vector<float> expected;
    for (size_t i = 0; i < a.size(); ++i) expected.push_back(RoundToBfloat16Ref(a[i] + b[i]));
    std::vector<float> sum(a.size());
    AddToBfloat16(a.data(), b.data(), sum.data(), n);
    ExpectSameBits(sum, expected);
    AddToBfloat16(a.data(), b.data(), a.data(), n);
    ExpectSameBits(a, expected);
  }
}

TEST_P(Bfloat16Test, EveryBfloat16IsPackedAndUnpacked) {
  std::vector<uint16_t> all(1 << 16);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  std::vector<float> values(all.size());
  UnpackBfloat16(all.data(), values.data(), static_cast<int64_t>(all.size()));
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), static_cast<uint32_t>(i) << 16);
  }
  std::vector<uint16_t> packed(all.size());
  PackBfloat16(values.data(), packed.data(), static_cast<int64_t>(values.size()));
  EXPECT_EQ(packed, all);
}

TEST_P(Bfloat16Test, AnyLengthIsPackedAndUnpacked) {
  for (const int64_t n : kSizes) {
    std::vector<float> values = AnyValues(n, 1);
    RoundToBfloat16(values.data(), n);
    std::vector<uint16_t> packed(values.size() + 1, 7);
    PackBfloat16(values.data(), packed.data(), n);
    EXPECT_EQ(packed.back(), 7);
    std::vector<float> unpacked(values.size() + 1, 7.0f);
    UnpackBfloat16(packed.data(), unpacked.data(), n);
    EXPECT_EQ(unpacked.back(), 7.0f);
    unpacked.pop_back();
    ExpectSameBits(unpacked, values);
  }
}

CONVOY_INSTANTIATE_FOR_EVERY_ISA(Bfloat16Test);

}  // namespace
}  // namespace convoy::kernels
