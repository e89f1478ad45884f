// The one-dimensional Winograd transforms F(m, 3) for m = 4 and 5, as a Highway "-inl.h".
//
// A tile of m outputs of a correlation with 3 weights needs m + 2 products instead of 3 m:
//   y = A^T [(G g) * (B^T d)],  d the m + 2 inputs, g the 3 weights.
// By Toom and Cook: inputs and weights are values of polynomials at m + 1 points p and at infinity.
//   row p of B^T: the coefficients of prod (x - q) over the other finite points q
//   row p of G:   (1, p, p^2) / prod (p - q);  row infinity: (0, 0, 1)
//   column p of A^T: (1, p, ..., p^(m-1));     column infinity: (0, ..., 0, 1)
// (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016; Barabasz, Anderson,
// Soodhalter, Gregg, "Error analysis and improving the accuracy of Winograd convolution", 2020.)
// The points are 0, pairs +-a and +-b, which halve the work of the transforms, and for m = 5 c.
// Among such points these gave the smallest error in two dimensions (docs/performance.md).
#if defined(CONVOY_KERNELS_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_KERNELS_WINOGRAD_INL_H_
#undef CONVOY_KERNELS_WINOGRAD_INL_H_
#else
#define CONVOY_KERNELS_WINOGRAD_INL_H_
#endif

#include "common/kernels/simd/simd-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline FloatVec Constant(float value) { return hn::Set(FloatTag(), value); }

template <int kM>
struct WinogradPoints;

template <>
struct WinogradPoints<4> {
  static constexpr float kA = 0.625f;
  static constexpr float kB = 1.5f;
};

template <>
struct WinogradPoints<5> {
  static constexpr float kA = 0.5f;
  static constexpr float kB = 1.0f;
  static constexpr float kC = 3.0f;
};

// Transforms of kAlpha = kM + 2 values in the order 0, a, -a, b, -b, (c,) infinity. Arrays hold one
// vector an element: as many independent transforms as there are lanes.
template <int kM>
struct Winograd {
  using Points = WinogradPoints<kM>;
  static constexpr int kAlpha = kM + 2;
  static constexpr float kA2 = Points::kA * Points::kA;
  static constexpr float kB2 = Points::kB * Points::kB;

  // t = B^T d.
  static HWY_INLINE void Input(const FloatVec* d, FloatVec* t) {
    FloatVec f[kM + 1];  // the polynomials' common factor x - c, where there is a c
    if constexpr (kM == 5) {
#pragma GCC unroll 6
      for (int i = 0; i < 6; ++i) f[i] = hn::NegMulAdd(Constant(Points::kC), d[i], d[i + 1]);
      t[5] = Quartic(d[1], d[3], d[5]);
      t[6] = Quartic(f[1], f[3], f[5]);
    } else {
#pragma GCC unroll 5
      for (int i = 0; i < 5; ++i) f[i] = d[i];
      t[5] = Quartic(d[1], d[3], d[5]);
    }
    t[0] = Quartic(f[0], f[2], f[4]);
    const FloatVec even_a = hn::NegMulAdd(Constant(kB2), f[2], f[4]);
    const FloatVec odd_a = hn::NegMulAdd(Constant(kB2), f[1], f[3]);
    t[1] = hn::MulAdd(Constant(Points::kA), odd_a, even_a);
    t[2] = hn::NegMulAdd(Constant(Points::kA), odd_a, even_a);
    const FloatVec even_b = hn::NegMulAdd(Constant(kA2), f[2], f[4]);
    const FloatVec odd_b = hn::NegMulAdd(Constant(kA2), f[1], f[3]);
    t[3] = hn::MulAdd(Constant(Points::kB), odd_b, even_b);
    t[4] = hn::NegMulAdd(Constant(Points::kB), odd_b, even_b);
  }

  // y = A^T t.
  static HWY_INLINE void Output(const FloatVec* t, FloatVec* y) {
    const FloatVec sum_a = hn::Add(t[1], t[2]);
    const FloatVec difference_a = hn::Sub(t[1], t[2]);
    const FloatVec sum_b = hn::Add(t[3], t[4]);
    const FloatVec difference_b = hn::Sub(t[3], t[4]);
    float power_a = 1;
    float power_b = 1;
    float power_c = 1;
#pragma GCC unroll 5
    for (int i = 0; i < kM; ++i) {
      const bool odd = i % 2 == 1;
      y[i] = hn::Mul(Constant(power_b), odd ? difference_b : sum_b);
      y[i] = hn::MulAdd(Constant(power_a), odd ? difference_a : sum_a, y[i]);
      if constexpr (kM == 5) y[i] = hn::MulAdd(Constant(power_c), t[5], y[i]);
      power_a *= Points::kA;
      power_b *= Points::kB;
      if constexpr (kM == 5) power_c *= Points::kC;
    }
    y[0] = hn::Add(y[0], t[0]);
    y[kM - 1] = hn::Add(y[kM - 1], t[kAlpha - 1]);
  }

  // u = G g.
  static HWY_INLINE void Weights(const FloatVec* g, FloatVec* u) {
    constexpr Rows kG = WeightRows();
#pragma GCC unroll 7
    for (int i = 0; i < kAlpha - 1; ++i) {
      u[i] = hn::Mul(Constant(kG.at[i][0]), g[0]);
      if (i == 0) continue;  // the point 0
      u[i] = hn::MulAdd(Constant(kG.at[i][1]), g[1], u[i]);
      u[i] = hn::MulAdd(Constant(kG.at[i][2]), g[2], u[i]);
    }
    u[kAlpha - 1] = g[2];
  }

  // x = A y: the transpose of Output.
  static HWY_INLINE void OutputTransposed(const FloatVec* y, FloatVec* x) {
    x[0] = y[0];
    EvenAndOdd(Points::kA, y, &x[1], &x[2]);
    EvenAndOdd(Points::kB, y, &x[3], &x[4]);
    if constexpr (kM == 5) {
      x[5] = y[4];
#pragma GCC unroll 4
      for (int i = 3; i >= 0; --i) x[5] = hn::MulAdd(Constant(Points::kC), x[5], y[i]);
    }
    x[kAlpha - 1] = y[kM - 1];
  }

  // g = G^T u: the transpose of Weights.
  static HWY_INLINE void WeightsTransposed(const FloatVec* u, FloatVec* g) {
    constexpr Rows kG = WeightRows();
    g[0] = hn::Mul(Constant(kG.at[0][0]), u[0]);
    g[1] = hn::Zero(FloatTag());
    g[2] = u[kAlpha - 1];
#pragma GCC unroll 7
    for (int i = 1; i < kAlpha - 1; ++i) {
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) g[k] = hn::MulAdd(Constant(kG.at[i][k]), u[i], g[k]);
    }
  }

  // The polynomial with coefficients y at point and -point.
  static HWY_INLINE void EvenAndOdd(float point, const FloatVec* y, FloatVec* plus,
                                    FloatVec* minus) {
    const FloatVec square = Constant(point * point);
    FloatVec even = hn::MulAdd(square, y[2], y[0]);
    if constexpr (kM == 5) even = hn::MulAdd(square, hn::MulAdd(square, y[4], y[2]), y[0]);
    const FloatVec odd = hn::MulAdd(square, y[3], y[1]);
    *plus = hn::MulAdd(Constant(point), odd, even);
    *minus = hn::NegMulAdd(Constant(point), odd, even);
  }

  // d = (x^2 - a^2)(x^2 - b^2) with x^0, x^2, x^4 replaced by the arguments.
  static HWY_INLINE FloatVec Quartic(FloatVec x0, FloatVec x2, FloatVec x4) {
    return hn::MulAdd(Constant(kA2 * kB2), x0, hn::NegMulAdd(Constant(kA2 + kB2), x2, x4));
  }

  struct Rows {
    float at[kAlpha - 1][3];
  };

  // The rows of G for the finite points, computed in double.
  static constexpr Rows WeightRows() {
    double points[kAlpha - 1] = {0, Points::kA, -Points::kA, Points::kB, -Points::kB};
    if constexpr (kM == 5) points[5] = Points::kC;
    Rows rows = {};
    for (int i = 0; i < kAlpha - 1; ++i) {
      double norm = 1;
      for (int j = 0; j < kAlpha - 1; ++j) {
        if (j != i) norm *= points[i] - points[j];
      }
      rows.at[i][0] = static_cast<float>(1 / norm);
      rows.at[i][1] = static_cast<float>(points[i] / norm);
      rows.at[i][2] = static_cast<float>(points[i] * points[i] / norm);
    }
    return rows;
  }
};

// M X M^T of a kIn x kIn matrix X, in two dimensions what `kTransform`, x -> M x with kIn values in
// and kOut out, is in one: applied to the columns, then to the rows of what they became. load(i, j)
// returns an element of X, store(i, j, value) takes one of the result.
template <int kIn, int kOut, void (*kTransform)(const FloatVec*, FloatVec*), typename Load,
          typename Store>
HWY_INLINE void Transform2d(Load load, Store store) {
  FloatVec columns[kIn][kOut];
#pragma GCC unroll 7
  for (int j = 0; j < kIn; ++j) {
    FloatVec x[kIn];
#pragma GCC unroll 7
    for (int i = 0; i < kIn; ++i) x[i] = load(i, j);
    kTransform(x, columns[j]);
  }
#pragma GCC unroll 7
  for (int i = 0; i < kOut; ++i) {
    FloatVec x[kIn];
#pragma GCC unroll 7
    for (int j = 0; j < kIn; ++j) x[j] = columns[j][i];
    FloatVec y[kOut];
    kTransform(x, y);
#pragma GCC unroll 7
    for (int j = 0; j < kOut; ++j) store(i, j, y[j]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
