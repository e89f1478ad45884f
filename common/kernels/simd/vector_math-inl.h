// The functions of scalar_math.h on vectors: the same operations, so the same bits (NaN excepted,
// of which there are many); included once a target (per-target guard).
#if defined(CONVOY_COMMON_KERNELS_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVOY_COMMON_KERNELS_VECTOR_MATH_INL_H_
#undef CONVOY_COMMON_KERNELS_VECTOR_MATH_INL_H_
#else
#define CONVOY_COMMON_KERNELS_VECTOR_MATH_INL_H_
#endif

#include <limits>

#include "common/kernels/simd/scalar_math.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

template <class D, class V, int kSize>
HWY_INLINE V HornerVector(D d, const float (&coefficients)[kSize], V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  V sum = hn::Set(d, coefficients[kSize - 1]);
  for (int i = kSize - 2; i >= 0; --i) {
    sum = hn::Add(hn::Mul(sum, x), hn::Set(d, coefficients[i]));
  }
  return sum;
}

// As math::PowerOfTwo; lanes with another exponent hold anything.
template <class D, class VI>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> PowerOfTwoVector(D d, VI exponent) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(exponent, hn::Set(di, 127))));
}

template <class D, class V>
HWY_INLINE V ExpVector(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  const V round = hn::Set(d, math::kRound);
  const V one = hn::Set(d, 1.0f);
  const V n = hn::Sub(hn::Add(hn::Mul(x, hn::Set(d, math::kLog2E)), round), round);
  const V r = hn::Sub(hn::Sub(x, hn::Mul(n, hn::Set(d, math::kLn2High))),
                      hn::Mul(n, hn::Set(d, math::kLn2Low)));
  const V polynomial = hn::Mul(HornerVector(d, math::kExpPolynomial, r), hn::Mul(r, r));
  const V e = hn::Add(hn::Add(polynomial, r), one);
  const auto exponent = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(exponent);
  const V scaled =
      hn::Mul(hn::Mul(e, PowerOfTwoVector(d, half)), PowerOfTwoVector(d, hn::Sub(exponent, half)));
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V not_over = hn::IfThenElse(hn::Gt(x, hn::Set(d, math::kExpMax)), infinity, scaled);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, math::kExpMin)), not_over);
}

template <class D, class V>
HWY_INLINE V SigmoidVector(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V one = hn::Set(d, 1.0f);
  const V e = ExpVector(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

template <class D, class V>
HWY_INLINE V TanhVector(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V one = hn::Set(d, 1.0f);
  const V magnitude = hn::Abs(x);
  const V square = hn::Mul(magnitude, magnitude);
  const V polynomial = HornerVector(d, math::kTanhPolynomial, square);
  const V small = hn::Add(hn::Mul(polynomial, hn::Mul(square, magnitude)), magnitude);
  const V e = ExpVector(d, hn::Add(magnitude, magnitude));
  const V large = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(e, one)));
  const auto is_small = hn::Lt(magnitude, hn::Set(d, math::kTanhSmall));
  return hn::CopySignToAbs(hn::IfThenElse(is_small, small, large), x);
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
