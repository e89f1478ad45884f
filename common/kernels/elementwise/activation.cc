#include "common/kernels/elementwise/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/activation.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include "common/kernels/simd/sweep-inl.h"
#include "common/kernels/simd/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

struct Linear {
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    return x;
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    return dy;
  }
};

struct Relu {
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), dy);
  }
};

struct Sigmoid {
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    return SigmoidVector(d, x);
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    return hn::Mul(dy, hn::Mul(y, hn::Sub(hn::Set(d, 1.0f), y)));
  }
};

struct Tanh {
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    return TanhVector(d, x);
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    return hn::Mul(dy, hn::Sub(hn::Set(d, 1.0f), hn::Mul(y, y)));
  }
};

struct LeakyRelu {
  float alpha;
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, alpha)));
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), dy, hn::Mul(dy, hn::Set(d, alpha)));
  }
};

struct Elu {
  float alpha;
  template <class D, class V>
  HWY_INLINE V Forward(D d, V x) const {
    const V power = ExpVector(d, hn::Min(x, hn::Zero(d)));
    const V below = hn::Mul(hn::Set(d, alpha), hn::Sub(power, hn::Set(d, 1.0f)));
    return hn::IfThenElse(hn::Le(x, hn::Zero(d)), below, x);
  }
  template <class D, class V>
  HWY_INLINE V Backward(D d, V y, V dy) const {
    const V below = hn::Mul(dy, hn::Add(y, hn::Set(d, alpha)));
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), dy, below);
  }
};

// Calls run(f) with the struct above that belongs to `activation`.
template <class Run>
HWY_INLINE void WithFunction(Activation activation, float alpha, const Run& run) {
  switch (activation) {
    case Activation::kLinear:
      return run(Linear());
    case Activation::kRelu:
      return run(Relu());
    case Activation::kSigmoid:
      return run(Sigmoid());
    case Activation::kTanh:
      return run(Tanh());
    case Activation::kLeakyRelu:
      return run(LeakyRelu{alpha});
    case Activation::kElu:
      return run(Elu{alpha});
  }
}

void Forward(Activation activation, const float* src, float* dst, int64_t n, float alpha) {
  WithFunction(activation, alpha, [=](auto f) HWY_ATTR {
    Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(f.Forward(d, hn::LoadU(d, src + i)), d, dst + i);
    });
  });
}

void Backward(Activation activation, const float* dst, const float* d_dst, float* d_src, int64_t n,
              float alpha) {
  WithFunction(activation, alpha, [=](auto f) HWY_ATTR {
    Sweep(hn::ScalableTag<float>(), 0, n, [=](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(f.Backward(d, hn::LoadU(d, dst + i), hn::LoadU(d, d_dst + i)), d, d_src + i);
    });
  });
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

void ActivationForward(Activation activation, const float* src, float* dst, int64_t n,
                       float alpha) {
  HWY_DYNAMIC_DISPATCH(Forward)(activation, src, dst, n, alpha);
}

void ActivationBackward(Activation activation, const float* dst, const float* d_dst, float* d_src,
                        int64_t n, float alpha) {
  HWY_DYNAMIC_DISPATCH(Backward)(activation, dst, d_dst, d_src, n, alpha);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
