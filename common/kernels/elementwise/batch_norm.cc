// Batch normalization of one column x of R rows, with i = 1 / sqrt(v + epsilon):
//   mu = mean of x,  v = mean of (x - mu)^2,  n = (x - mu) i,  y = gamma n + beta.
// Backward, d_beta = sum of dy and d_gamma = sum of dy n. Each x_k acts on every n_j, by itself, by
// mu (dmu/dx_k = 1 / R) and by v (dv/dx_k = 2 (x_k - mu) / R, so di/dx_k = -i^2 n_k / R):
//   dn_j/dx_k = i ([j = k] - 1 / R - n_j n_k / R),
// and summed over j with dL/dn = gamma dy,
//   dx_k = i gamma (dy_k - d_beta / R - n_k d_gamma / R).
#include "common/kernels/elementwise/batch_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/batch_norm.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <algorithm>
#include <cmath>

#include "common/kernels/simd/sweep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, 16>;

// Rows that are added in single precision before they are added in double: few enough for small
// errors, enough that converting costs nothing.
constexpr int64_t kBlockRows = 64;

// Adds the lanes of a vector to doubles.
template <class D>
HWY_INLINE void AddTo(D d, hn::Vec<D> v, double* sums) {
  HWY_ALIGN float lanes[16];
  hn::StoreU(v, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) sums[i] += static_cast<double>(lanes[i]);
}

// sums[c] += the sum over all rows of term(d, index of [row, c], c).
template <class Term>
HWY_INLINE void AddColumns(int64_t rows, int64_t channels, const Term& term, double* sums) {
  for (int64_t begin = 0; begin < rows; begin += kBlockRows) {
    const int64_t end = std::min(rows, begin + kBlockRows);
    Sweep(Tag(), 0, channels, [&](auto d, int64_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (int64_t row = begin; row < end; ++row)
        sum = hn::Add(sum, term(d, row * channels + c, c));
      AddTo(d, sum, sums + c);
    });
  }
}

// Calls f(d, index of [row, c], c) for the whole array.
template <class F>
HWY_INLINE void ForEachElement(int64_t rows, int64_t channels, const F& f) {
  for (int64_t row = 0; row < rows; ++row) {
    Sweep(Tag(), 0, channels, [&](auto d, int64_t c) HWY_ATTR { f(d, row * channels + c, c); });
  }
}

void SumColumns(int64_t rows, int64_t channels, const float* src, double* sums) {
  AddColumns(
      rows, channels, [=](auto d, int64_t i, int64_t c) HWY_ATTR { return hn::LoadU(d, src + i); },
      sums);
}

void SumSquaredDifferences(int64_t rows, int64_t channels, const float* src, const float* mean,
                           double* sums) {
  AddColumns(
      rows, channels,
      [=](auto d, int64_t i, int64_t c) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, src + i), hn::LoadU(d, mean + c));
        return hn::Mul(difference, difference);
      },
      sums);
}

void SumProducts(int64_t rows, int64_t channels, const float* src, const BatchNormColumns& columns,
                 const float* d_dst, double* sums) {
  AddColumns(
      rows, channels,
      [&](auto d, int64_t i, int64_t c) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, src + i), hn::LoadU(d, columns.mean + c));
        const auto x = hn::Mul(difference, hn::LoadU(d, columns.inverse + c));
        return hn::Mul(hn::LoadU(d, d_dst + i), x);
      },
      sums);
}

void Normalize(int64_t rows, int64_t channels, const float* src, const BatchNormColumns& columns,
               float* dst) {
  ForEachElement(rows, channels, [&](auto d, int64_t i, int64_t c) HWY_ATTR {
    const auto factor = hn::Mul(hn::LoadU(d, columns.inverse + c), hn::LoadU(d, columns.gamma + c));
    const auto difference = hn::Sub(hn::LoadU(d, src + i), hn::LoadU(d, columns.mean + c));
    hn::StoreU(hn::Add(hn::Mul(difference, factor), hn::LoadU(d, columns.beta + c)), d, dst + i);
  });
}

void SourceGradient(int64_t rows, int64_t channels, const float* src,
                    const BatchNormColumns& columns, const float* d_dst, const float* d_gamma,
                    const float* d_beta, float* d_src) {
  const float share = 1.0f / static_cast<float>(rows);
  ForEachElement(rows, channels, [&](auto d, int64_t i, int64_t c) HWY_ATTR {
    const auto inverse = hn::LoadU(d, columns.inverse + c);
    const auto difference = hn::Sub(hn::LoadU(d, src + i), hn::LoadU(d, columns.mean + c));
    const auto x = hn::Mul(difference, inverse);
    const auto common = hn::Add(hn::LoadU(d, d_beta + c), hn::Mul(x, hn::LoadU(d, d_gamma + c)));
    const auto rest = hn::Sub(hn::LoadU(d, d_dst + i), hn::Mul(common, hn::Set(d, share)));
    const auto factor = hn::Mul(inverse, hn::LoadU(d, columns.gamma + c));
    hn::StoreU(hn::Mul(factor, rest), d, d_src + i);
  });
}

void ScaleAndShiftRows(int64_t rows, int64_t channels, const float* src, const float* scale,
                       const float* shift, float* dst) {
  ForEachElement(rows, channels, [=](auto d, int64_t i, int64_t c) HWY_ATTR {
    const auto scaled = hn::Mul(hn::LoadU(d, src + i), hn::LoadU(d, scale + c));
    hn::StoreU(hn::Add(scaled, hn::LoadU(d, shift + c)), d, dst + i);
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(SumColumns);
HWY_EXPORT(SumSquaredDifferences);
HWY_EXPORT(SumProducts);
HWY_EXPORT(Normalize);
HWY_EXPORT(SourceGradient);
HWY_EXPORT(ScaleAndShiftRows);

// means[c] = sums[c] / rows.
void Divide(int64_t rows, int64_t channels, const double* sums, float* means) {
  for (int64_t c = 0; c < channels; ++c) {
    means[c] = rows == 0 ? 0.0f : static_cast<float>(sums[c] / static_cast<double>(rows));
  }
}

}  // namespace

void BatchNormForward(int64_t rows, int64_t channels, float epsilon, const float* src,
                      const BatchNormColumns& columns, float* dst, double* sums) {
  std::fill(sums, sums + 2 * channels, 0.0);
  HWY_DYNAMIC_DISPATCH(SumColumns)(rows, channels, src, sums);
  Divide(rows, channels, sums, columns.mean);
  HWY_DYNAMIC_DISPATCH(SumSquaredDifferences)(rows, channels, src, columns.mean, sums + channels);
  Divide(rows, channels, sums + channels, columns.variance);
  for (int64_t c = 0; c < channels; ++c) {
    const double spread = static_cast<double>(columns.variance[c]) + static_cast<double>(epsilon);
    columns.inverse[c] = static_cast<float>(1 / std::sqrt(spread));
  }
  HWY_DYNAMIC_DISPATCH(Normalize)(rows, channels, src, columns, dst);
}

void BatchNormBackward(int64_t rows, int64_t channels, const float* src,
                       const BatchNormColumns& columns, const float* d_dst, float* d_src,
                       float* d_gamma, float* d_beta, double* sums) {
  std::fill(sums, sums + 2 * channels, 0.0);
  HWY_DYNAMIC_DISPATCH(SumColumns)(rows, channels, d_dst, sums);
  HWY_DYNAMIC_DISPATCH(SumProducts)(rows, channels, src, columns, d_dst, sums + channels);
  for (int64_t c = 0; c < channels; ++c) {
    d_beta[c] = static_cast<float>(sums[c]);
    d_gamma[c] = static_cast<float>(sums[channels + c]);
  }
  if (d_src == nullptr) return;
  HWY_DYNAMIC_DISPATCH(SourceGradient)
  (rows, channels, src, columns, d_dst, d_gamma, d_beta, d_src);
}

void ScaleAndShift(int64_t rows, int64_t channels, const float* src, const float* scale,
                   const float* shift, float* dst) {
  HWY_DYNAMIC_DISPATCH(ScaleAndShiftRows)(rows, channels, src, scale, shift, dst);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
