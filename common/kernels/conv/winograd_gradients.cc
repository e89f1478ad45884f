// Gradients of a Winograd convolution. Each step of the forward pass (winograd.cc) is linear, so
// the gradient goes back through its transpose: with y = A^T M A, M = sum V * U and U = G g G^T,
//   dM = A dy A^T,  dU = V * dM summed over the tiles,  dg = G^T dU G.
#include "common/kernels/conv/winograd_gradients.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/winograd_gradients.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/conv/winograd-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "common/kernels/simd/simd_gemm-inl.h"
#include "common/kernels/simd/transpose-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void Flip(int in_channels, int out_channels, const float* weight, float* flipped) {
  const int64_t tap = int64_t{in_channels} * out_channels;
  for (int i = 0; i < 9; ++i) {
    TransposeMatrix(in_channels, out_channels, weight + i * tap, out_channels,
                    flipped + (8 - i) * tap, in_channels);
  }
}

// dM = A dy A^T for kLanes channels of one tile, whose pixels are `pixel` floats apart.
template <int kM>
void TransformOutputGradients(const float* d_dst, int64_t row, int64_t pixel, float* d_products,
                              int64_t plane) {
  constexpr int kAlpha = kM + 2;
  Transform2d<kM, kAlpha, &Winograd<kM>::OutputTransposed>(
      [=](int i, int j) HWY_ATTR { return hn::LoadU(FloatTag(), d_dst + i * row + j * pixel); },
      [=](int i, int j, FloatVec x)
          HWY_ATTR { hn::StoreU(x, FloatTag(), d_products + (i * kAlpha + j) * plane); });
}

template <int kM>
void GradientsOfImage(const WinogradShape& shape, int images, int image, const float* d_dst,
                      int64_t row, float* d_products) {
  const int padded = PadChannels(shape.out_channels);
  const int64_t pixel = shape.out_channels;
  d_products += int64_t{image} * shape.tiles() * padded;
  for (int th = 0; th < shape.tiles_h; ++th) {
    for (int tw = 0; tw < shape.tiles_w; ++tw, d_products += padded) {
      const float* tile = d_dst + th * kM * row + tw * kM * pixel;
      for (int oc = 0; oc < shape.out_channels; oc += kLanes) {
        TransformOutputGradients<kM>(tile + oc, row, pixel, d_products + oc,
                                     shape.ProductPlane(images));
      }
    }
  }
}

// dg = G^T dU G for kLanes output channels of one input channel, of which `count` are stored.
template <int kM>
void TransformWeightGradients(const float* d_transformed, int64_t plane, int count, float* d_weight,
                              int64_t tap) {
  constexpr int kAlpha = kM + 2;
  Transform2d<kAlpha, 3, &Winograd<kM>::WeightsTransposed>(
      [=](int i, int j)
          HWY_ATTR { return hn::LoadU(FloatTag(), d_transformed + (i * kAlpha + j) * plane); },
      [=](int i, int j, FloatVec g)
          HWY_ATTR { StoreFirst(g, count, d_weight + (3 * i + j) * tap); });
}

template <int kM>
void TransformAllWeightGradients(const WinogradShape& shape, const float* d_transformed,
                                 float* d_weight) {
  const int64_t padded = PadChannels(shape.out_channels);
  const int64_t tap = int64_t{shape.in_channels} * shape.out_channels;
  for (int ic = 0; ic < shape.in_channels; ++ic) {
    for (int oc = 0; oc < shape.out_channels; oc += kLanes) {
      TransformWeightGradients<kM>(d_transformed + ic * padded + oc, shape.WeightPlane(),
                                   shape.out_channels - oc,
                                   d_weight + ic * int64_t{shape.out_channels} + oc, tap);
    }
  }
}

void OutputGradients(const WinogradShape& shape, int images, int image, const float* d_dst,
                     int64_t row, float* d_products) {
  (shape.tile == 5 ? &GradientsOfImage<5> : &GradientsOfImage<4>)(shape, images, image, d_dst, row,
                                                                  d_products);
}

void WeightProducts(const WinogradShape& shape, int images, const float* inputs,
                    const float* d_products, float* d_transformed) {
  const int in_padded = PadChannels(shape.in_channels);
  const int out_padded = PadChannels(shape.out_channels);
  const int columns = (shape.out_channels + kLanes - 1) / kLanes * kLanes;
  for (int element = 0; element < shape.elements(); ++element) {
    const GemmOperands operands = {inputs + element * shape.InputPlane(images),
                                   1,
                                   in_padded,
                                   d_products + element * shape.ProductPlane(images),
                                   out_padded,
                                   d_transformed + element * shape.WeightPlane(),
                                   out_padded};
    GemmInCache<true>(operands, shape.in_channels, columns, images * shape.tiles());
  }
}

void WeightGradient(const WinogradShape& shape, const float* d_transformed, float* d_weight) {
  (shape.tile == 5 ? &TransformAllWeightGradients<5>
                   : &TransformAllWeightGradients<4>)(shape, d_transformed, d_weight);
}

template <bool relu>
void CopyAlive(int height, int width, int channels, const float* dst, const float* d_dst,
               float* masked, int64_t masked_row, float* d_bias) {
  const FloatTag d;
  for (int h = 0; h < height; ++h) {
    float* to = masked + h * masked_row;
    for (int w = 0; w < width; ++w, d_dst += channels, to += channels) {
      for (int c = 0; c < channels; c += kLanes) {
        const int count = channels - c;
        FloatVec gradient = LoadFirst(d_dst + c, count);
        if constexpr (relu) {
          const auto dead = hn::Le(LoadFirst(dst + c, count), hn::Zero(d));
          gradient = hn::IfThenZeroElse(dead, gradient);
        }
        StoreFirst(gradient, count, to + c);
        hn::StoreU(hn::Add(hn::LoadU(d, d_bias + c), gradient), d, d_bias + c);
      }
      if constexpr (relu) dst += channels;
    }
  }
}

void Mask(int height, int width, int channels, const float* dst, const float* d_dst, float* masked,
          int64_t masked_row, float* d_bias) {
  (dst == nullptr ? &CopyAlive<false> : &CopyAlive<true>)(height, width, channels, dst, d_dst,
                                                          masked, masked_row, d_bias);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Flip);
HWY_EXPORT(OutputGradients);
HWY_EXPORT(WeightProducts);
HWY_EXPORT(WeightGradient);
HWY_EXPORT(Mask);

void FlipWeights(int in_channels, int out_channels, const float* weight, float* flipped) {
  HWY_DYNAMIC_DISPATCH(Flip)(in_channels, out_channels, weight, flipped);
}

void WinogradOutputGradients(const WinogradShape& shape, int images, int image, const float* d_dst,
                             int64_t d_dst_row, float* d_products) {
  HWY_DYNAMIC_DISPATCH(OutputGradients)(shape, images, image, d_dst, d_dst_row, d_products);
}

void WinogradWeightProducts(const WinogradShape& shape, int images, const float* inputs,
                            const float* d_products, float* d_transformed) {
  HWY_DYNAMIC_DISPATCH(WeightProducts)(shape, images, inputs, d_products, d_transformed);
}

void WinogradWeightGradient(const WinogradShape& shape, const float* d_transformed,
                            float* d_weight) {
  HWY_DYNAMIC_DISPATCH(WeightGradient)(shape, d_transformed, d_weight);
}

void MaskWithBias(int height, int width, int channels, const float* dst, const float* d_dst,
                  float* masked, int64_t masked_row, float* d_bias) {
  HWY_DYNAMIC_DISPATCH(Mask)
  (height, width, channels, dst, d_dst, masked, masked_row, d_bias);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
