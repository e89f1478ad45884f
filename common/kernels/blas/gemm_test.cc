#include "common/kernels/blas/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "common/base/random.h"
#include "common/kernels/blas/gemm_ref.h"

namespace convoy::kernels {
namespace {

std::vector<float> RandomValues(int size, uint32_t stream) {
  RandomSequence random(5, RandomStream::kNoise, stream);
  std::vector<float> values(static_cast<size_t>(size));
  for (float& value : values) value = random.NextFloat() - 0.5f;
  return values;
}

class GemmTest : public ::testing::TestWithParam<std::tuple<int, int, int, Transpose, Transpose>> {
};

TEST_P(GemmTest, MatchesReference) {
  const auto [m, n, k, transpose_a, transpose_b] = GetParam();
  const int lda = (transpose_a == Transpose::kYes ? m : k) + 3;
  const int ldb = (transpose_b == Transpose::kYes ? k : n) + 1;
  const int ldc = n + 2;
  const std::vector<float> a = RandomValues(lda * std::max(m, k) + 1, 1);
  const std::vector<float> b = RandomValues(ldb * std::max(n, k) + 1, 2);
  for (float beta : {0.0f, 1.0f}) {
    std::vector<float> c = RandomValues(ldc * m + 1, 3);
    if (beta == 0) c[0] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> expected = c;
    Gemm(transpose_a, transpose_b, m, n, k, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
    GemmRef(transpose_a, transpose_b, m, n, k, a.data(), lda, b.data(), ldb, beta, expected.data(),
            ldc);
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        ASSERT_NEAR(c[i * ldc + j], expected[i * ldc + j], 1e-6 * std::sqrt(k + 1.0) * 4);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GemmTest,
                         ::testing::Combine(::testing::Values(0, 1, 7, 64),
                                            ::testing::Values(0, 1, 10, 33),
                                            ::testing::Values(0, 1, 9, 130),
                                            ::testing::Values(Transpose::kNo, Transpose::kYes),
                                            ::testing::Values(Transpose::kNo, Transpose::kYes)));

TEST(GemmTest, NamesItsCore) { EXPECT_FALSE(BlasCore().empty()); }

}  // namespace
}  // namespace convoy::kernels
