#include "common/kernels/elementwise/vector_ops.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "common/kernels/elementwise/vector_ops_ref.h"
#include "common/kernels/simd/kernel_testing.h"

namespace convoy::kernels {
namespace {

class VectorOpsTest : public EveryIsaTest {};

constexpr int64_t kSizes[] = {0, 1, 3, 4, 8, 15, 16, 17, 31, 63, 64, 65, 127, 1000};

TEST_P(VectorOpsTest, AddMatchesReference) {
  for (int64_t n : kSizes) {
    const std::vector<float> a = UniformValues(n, 1);
    const std::vector<float> b = UniformValues(n, 2);
    std::vector<float> sum(a.size());
    std::vector<float> inout = a;
    std::vector<float> expected(a.size());
    AddTo(a.data(), b.data(), sum.data(), n);
    Add(b.data(), inout.data(), n);
    AddToRef(a.data(), b.data(), expected.data(), n);
    ExpectSameBits(sum, expected);
    ExpectSameBits(inout, expected);
  }
}

TEST_P(VectorOpsTest, AddsOnlyWhatWasAsked) {
  std::vector<float> inout(40, 1.0f);
  const std::vector<float> src(40, 1.0f);
  Add(src.data(), &inout[3], 30);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(inout[i], i >= 3 && i < 33 ? 2.0f : 1.0f);
}

TEST_P(VectorOpsTest, AllFiniteFindsOneBadElementAnywhere) {
  const float bad_values[] = {
      std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
      std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::signaling_NaN()};
  for (int64_t n : kSizes) {
    std::vector<float> values = UniformValues(n + 1, 1);
    values[n] = bad_values[0];
    EXPECT_TRUE(AllFinite(values.data(), n));
    EXPECT_TRUE(AllFiniteRef(values.data(), n));
    for (int64_t i = 0; i < n; ++i) {
      const float good = values[i];
      values[i] = bad_values[i % 4];
      ASSERT_FALSE(AllFinite(values.data(), n)) << "element " << i << " of " << n;
      ASSERT_FALSE(AllFiniteRef(values.data(), n));
      values[i] = good;
    }
  }
}

TEST_P(VectorOpsTest, TheLargestAndTheSmallestFloatsAreFinite) {
  const float values[] = {std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
                          std::numeric_limits<float>::denorm_min(), -0.0f};
  EXPECT_TRUE(AllFinite(values, 4));
}

TEST_P(VectorOpsTest, BytesBecomeUnitFloats) {
  std::vector<uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  for (int64_t n : {0, 1, 5, 15, 17, 100, 255, 256}) {
    std::vector<float> dst(n);
    std::vector<float> expected(n);
    const uint8_t* src = bytes.data() + 256 - n;
    Uint8ToUnitFloat(src, dst.data(), n);
    Uint8ToUnitFloatRef(src, expected.data(), n);
    ExpectSameBits(dst, expected);
  }
}

TEST_P(VectorOpsTest, ColumnSumsMatchReference) {
  for (int64_t rows : {0, 1, 2, 16, 33}) {
    for (int64_t cols : {0, 1, 3, 10, 16, 17, 64, 65, 128, 300}) {
      const std::vector<float> src = UniformValues(rows * cols, 1);
      std::vector<float> sums(cols, -1.0f);
      std::vector<float> expected(cols);
      ColumnSums(rows, cols, src.data(), sums.data());
      ColumnSumsRef(rows, cols, src.data(), expected.data());
      ExpectSameBits(sums, expected);
    }
  }
}

CONVOY_INSTANTIATE_FOR_EVERY_ISA(VectorOpsTest);

}  // namespace
}  // namespace convoy::kernels
