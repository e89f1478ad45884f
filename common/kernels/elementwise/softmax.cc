// With z the logits of an image, m the largest and l the label, softmax and cross-entropy are
//   p_c = exp(z_c - m) / S,  S = sum of exp(z - m),  L = log(S) - (z_l - m),  dL/dz_c = p_c - [c =
//   l].
// Taking m away changes none of them and keeps exp from overflow (log-sum-exp). With smoothed
// targets t_c = (1 - s) [c = l] + s / K over K classes, which add to 1,
//   L' = log(S) + m - sum of t_c z_c = L + s / K times the sum of (z_l - z_c),  dL'/dz_c = p_c -
//   t_c,
// so both are what they were, with something added.
#include "common/kernels/elementwise/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/elementwise/softmax.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <limits>

#include "common/base/check.h"
#include "common/kernels/simd/scalar_math.h"
#include "common/kernels/simd/sweep-inl.h"
#include "common/kernels/simd/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A row is worked on in blocks of 16 classes, the last one filled up with -inf. Its sum runs over
// 16 lanes, class c in lane c mod 16, which are then added in halves: the same order whatever the
// width of a vector.
constexpr int kLanes = 16;
using D = hn::CappedTag<float, kLanes>;
using V = hn::Vec<D>;
constexpr int kVectorLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kVectors = kLanes / kVectorLanes;

struct Block {
  V vectors[kVectors];
};

HWY_INLINE Block Fill(float value) {
  Block block;
  for (V& v : block.vectors) v = hn::Set(D(), value);
  return block;
}

// Loads min(kLanes, left) elements and fills up with -inf.
HWY_INLINE Block Load(const float* src, int left) {
  HWY_ALIGN float padded[kLanes];
  if (left < kLanes) {
    for (int i = 0; i < kLanes; ++i) {
      padded[i] = i < left ? src[i] : -std::numeric_limits<float>::infinity();
    }
    src = padded;
  }
  Block block;
  for (int i = 0; i < kVectors; ++i) block.vectors[i] = hn::LoadU(D(), src + i * kVectorLanes);
  return block;
}

// Stores min(kLanes, left) elements.
HWY_INLINE void Store(const Block& block, int left, float* dst) {
  HWY_ALIGN float padded[kLanes];
  float* whole = left < kLanes ? padded : dst;
  for (int i = 0; i < kVectors; ++i) hn::StoreU(block.vectors[i], D(), whole + i * kVectorLanes);
  for (int i = 0; whole == padded && i < left; ++i) dst[i] = padded[i];
}

// f of each lane of both.
template <class F>
HWY_INLINE Block Combine(const Block& a, const Block& b, const F& f) {
  Block result;
  for (int i = 0; i < kVectors; ++i) result.vectors[i] = f(a.vectors[i], b.vectors[i]);
  return result;
}

template <class DV, class F>
HWY_INLINE float FoldVector(DV d, hn::Vec<DV> v, const F& f) {
  if constexpr (hn::MaxLanes(DV()) == 1) {
    return hn::GetLane(v);
  } else {
    const hn::Half<DV> half;
    return FoldVector(half, f(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), f);
  }
}

// Combines lane i with lane i + 8, then i with i + 4, i + 2 and i + 1.
template <class F>
HWY_INLINE float Fold(Block block, const F& f) {
  for (int count = kVectors / 2; count > 0; count /= 2) {
    for (int i = 0; i < count; ++i) {
      block.vectors[i] = f(block.vectors[i], block.vectors[i + count]);
    }
  }
  return FoldVector(D(), block.vectors[0], f);
}

struct Plus {
  template <class VX>
  HWY_INLINE VX operator()(VX a, VX b) const {
    return hn::Add(a, b);
  }
};

struct Larger {
  template <class VX>
  HWY_INLINE VX operator()(VX a, VX b) const {
    return hn::Max(a, b);
  }
};

float Largest(int classes, const float* logits) {
  Block largest = Fill(-std::numeric_limits<float>::infinity());
  for (int c = 0; c < classes; c += kLanes) {
    largest = Combine(largest, Load(logits + c, classes - c), Larger());
  }
  return Fold(largest, Larger());
}

// Writes exp(logits - largest) to `exponentials`, unless that is null, and returns their sum.
float Exponentials(int classes, const float* logits, float largest, float* exponentials) {
  const Block shift = Fill(largest);
  Block sums = Fill(0.0f);
  for (int c = 0; c < classes; c += kLanes) {
    const Block powers = Combine(Load(logits + c, classes - c), shift,
                                 [](V x, V m) HWY_ATTR { return ExpVector(D(), hn::Sub(x, m)); });
    sums = Combine(sums, powers, Plus());
    if (exponentials != nullptr) Store(powers, classes - c, exponentials + c);
  }
  return Fold(sums, Plus());
}

void Divide(int classes, float divisor, float* inout) {
  Sweep(D(), 0, classes, [=](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::Div(hn::LoadU(d, inout + i), hn::Set(d, divisor)), d, inout + i);
  });
}

void SoftmaxRow(int classes, const float* logits, float* probabilities) {
  const float sum = Exponentials(classes, logits, Largest(classes, logits), probabilities);
  Divide(classes, sum, probabilities);
}

// Returns the loss of one image and adds to `correct`.
float LossRow(int classes, const float* logits, int label, float* d_logits, int64_t* correct) {
  const float largest = Largest(classes, logits);
  const float label_logit = logits[label];
  bool is_first = label_logit == largest;
  for (int c = 0; c < label; ++c) is_first &= logits[c] != largest;
  const float sum = Exponentials(classes, logits, largest, d_logits);
  const float loss = LogScalar(sum) - (label_logit - largest);
  *correct += is_first && loss == loss;
  if (d_logits != nullptr) {
    Divide(classes, sum, d_logits);
    d_logits[label] -= 1.0f;
  }
  return loss;
}

// Turns the loss and the gradient of LossRow into those of smoothed labels, class after class.
float SmoothRow(int classes, const float* logits, int label, float smoothing, float loss,
                float* d_logits) {
  const float share = smoothing / static_cast<float>(classes);
  float gap = 0;  // sum of logits[label] - logits
  for (int c = 0; c < classes; ++c) gap += logits[label] - logits[c];
  for (int c = 0; d_logits != nullptr && c < classes; ++c) d_logits[c] -= share;
  if (d_logits != nullptr) d_logits[label] += smoothing;
  return loss + share * gap;
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(LossRow);
HWY_EXPORT(SmoothRow);

void Softmax(int n, int classes, const float* logits, float* probabilities) {
  CONVOY_CHECK_GE(classes, 1);
  for (int image = 0; image < n; ++image, logits += classes, probabilities += classes) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRow)(classes, logits, probabilities);
  }
}

LossSums SoftmaxCrossEntropy(int n, int classes, const float* logits, const Label* labels,
                             float* d_logits, float* loss_per_image, float label_smoothing) {
  CONVOY_CHECK_GE(classes, 1);
  LossSums sums;
  for (int image = 0; image < n; ++image, logits += classes) {
    CONVOY_CHECK_LT(int{labels[image]}, classes);
    float loss =
        HWY_DYNAMIC_DISPATCH(LossRow)(classes, logits, labels[image], d_logits, &sums.correct);
    if (label_smoothing > 0) {
      loss = HWY_DYNAMIC_DISPATCH(SmoothRow)(classes, logits, labels[image], label_smoothing, loss,
                                             d_logits);
    }
    sums.loss += static_cast<double>(loss);
    if (loss_per_image != nullptr) loss_per_image[image] = loss;
    if (d_logits != nullptr) d_logits += classes;
  }
  return sums;
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
