// Winograd's method for convolutions (Lavin and Gray, "Fast algorithms for convolutional neural
// networks", 2016). A tile of m x m outputs y of one output channel is, with the inputs d and the
// weights g of each input channel,
//   y = A^T [sum over the input channels of (G g G^T) * (B^T d B)] A,
// where * multiplies element by element: (m + 2)^2 products for what takes 9 m^2 directly. The sum
// over the channels is a matrix product for each element. The matrices are in winograd-inl.h.
// Vectors hold channels, so each lane transforms a tile of its own.
#include "common/kernels/conv/winograd.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/winograd.cc"
#include "hwy/foreach_target.h"

#include "common/kernels/conv/winograd-inl.h"
#include "common/kernels/pooling/pool_epilogue-inl.h"
#include "common/kernels/simd/simd-inl.h"
#include "common/kernels/simd/simd_gemm-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// U = G g G^T for kLanes output channels of one input channel; `weight` has `count` of them, tap
// after tap `tap` floats apart; the elements of the result are `plane` floats apart.
template <int kM>
void TransformWeights(const float* weight, int64_t tap, int count, float* transformed,
                      int64_t plane) {
  constexpr int kAlpha = kM + 2;
  Transform2d<3, kAlpha, &Winograd<kM>::Weights>(
      [=](int i, int j) HWY_ATTR { return LoadFirst(weight + (3 * i + j) * tap, count); },
      [=](int i, int j, FloatVec u)
          HWY_ATTR { hn::StoreU(u, FloatTag(), transformed + (i * kAlpha + j) * plane); });
}

template <int kM>
void TransformAllWeights(const WinogradShape& shape, const float* weight, float* transformed) {
  const int padded = PadChannels(shape.out_channels);
  const int64_t tap = int64_t{shape.in_channels} * shape.out_channels;
  for (int ic = 0; ic < shape.in_channels; ++ic) {
    for (int oc = 0; oc < padded; oc += kLanes) {
      TransformWeights<kM>(weight + ic * int64_t{shape.out_channels} + oc, tap,
                           std::max(shape.out_channels - oc, 0),
                           transformed + ic * int64_t{padded} + oc, shape.WeightPlane());
    }
  }
}

// V = B^T d B for kLanes channels of one tile, whose pixels are `pixel` floats apart.
template <int kM>
void TransformInputs(const float* src, int64_t src_row, int64_t pixel, float* inputs,
                     int64_t plane) {
  constexpr int kAlpha = kM + 2;
  Transform2d<kAlpha, kAlpha, &Winograd<kM>::Input>(
      [=](int i, int j) HWY_ATTR { return hn::LoadU(FloatTag(), src + i * src_row + j * pixel); },
      [=](int i, int j, FloatVec v)
          HWY_ATTR { hn::StoreU(v, FloatTag(), inputs + (i * kAlpha + j) * plane); });
}

template <int kM>
void InputsOfImage(const WinogradShape& shape, int images, int image, const float* src,
                   int64_t src_row, float* inputs) {
  const int padded = PadChannels(shape.in_channels);
  const int64_t plane = shape.InputPlane(images);
  inputs += int64_t{image} * shape.tiles() * padded;
  for (int th = 0; th < shape.tiles_h; ++th) {
    for (int tw = 0; tw < shape.tiles_w; ++tw, inputs += padded) {
      const float* tile = src + th * kM * src_row + int64_t{tw} * kM * shape.in_channels;
      for (int ic = 0; ic < shape.in_channels; ic += kLanes) {
        TransformInputs<kM>(tile + ic, src_row, shape.in_channels, inputs + ic, plane);
      }
    }
  }
}

bool PixelIsZero(const float* pixel, int channels) {
  const FloatTag d;
  for (int c = 0; c < channels; c += kLanes) {
    if (!hn::AllFalse(d, hn::Ne(LoadFirst(pixel + c, channels - c), hn::Zero(d)))) return false;
  }
  return true;
}

// Whether a patch of 3 x 3 pixels may be zero: looks at their first kLanes channels only. Most
// images of activations have no such patch.
bool MayHaveZeroPatches(const WinogradShape& shape, const float* src, int64_t src_row) {
  const FloatTag d;
  constexpr int kMaxWidth = 64;
  if (shape.in_width() > kMaxWidth) return true;
  uint64_t above[2] = {};  // of two rows: the columns where three zero pixels begin
  for (int h = 0; h < shape.in_height(); ++h, src += src_row) {
    uint64_t zeros = 0;
    for (int w = 0; w < shape.in_width(); ++w) {
      const FloatVec x = LoadFirst(src + w * int64_t{shape.in_channels}, shape.in_channels);
      zeros |= uint64_t{hn::AllFalse(d, hn::Ne(x, hn::Zero(d)))} << w;
    }
    zeros &= zeros >> 1 & zeros >> 2;
    if ((zeros & above[0] & above[1]) != 0) return true;
    above[0] = above[1];
    above[1] = zeros;
  }
  return false;
}

// Of each pixel that the tiles read: how many from it leftwards, itself included, are zero in a
// row.
void CountZeros(const WinogradShape& shape, const float* src, int64_t src_row, int32_t* runs) {
  for (int h = 0; h < shape.in_height(); ++h) {
    int32_t run = 0;
    for (int w = 0; w < shape.in_width(); ++w) {
      const float* pixel = src + h * src_row + w * int64_t{shape.in_channels};
      run = PixelIsZero(pixel, shape.in_channels) ? run + 1 : 0;
      *runs++ = run;
    }
  }
}

// Y = A^T M A + bias for kLanes channels of one tile, into rows of vectors `row` floats apart.
template <int kM>
void TransformOutputs(const float* products, int64_t plane, FloatVec bias, float* dst,
                      int64_t row) {
  constexpr int kAlpha = kM + 2;
  Transform2d<kAlpha, kM, &Winograd<kM>::Output>(
      [=](int i, int j)
          HWY_ATTR { return hn::LoadU(FloatTag(), products + (i * kAlpha + j) * plane); },
      [=](int i, int j, FloatVec y)
          HWY_ATTR { hn::StoreU(hn::Add(y, bias), FloatTag(), dst + i * row + j * kLanes); });
}

// From scratch[rows of `row` floats, kLanes] to dst[height, width, OC], channels oc and on.
void StoreWhole(const WinogradOutput& o, int out_channels, int oc, const float* scratch,
                int64_t row) {
  const FloatTag d;
  float* dst = o.dst + oc;
  for (int h = 0; h < o.height; ++h) {
    for (int w = 0; w < o.width; ++w, dst += out_channels) {
      const FloatVec y = hn::Load(d, scratch + h * row + w * kLanes);
      StoreFirst(o.relu ? Relu(y) : y, out_channels - oc, dst);
    }
  }
}

template <bool kCodes>
void StorePooled(const WinogradOutput& o, int out_channels, int oc, const float* scratch,
                 int64_t row) {
  const FloatTag d;
  float* dst = o.dst + oc;
  uint8_t* codes = o.codes + (kCodes ? oc : 0);
  for (int h = 0; h < o.height; ++h) {
    for (int w = 0; w < o.width; ++w, dst += out_channels) {
      const float* top = scratch + 2 * h * row + 2 * w * kLanes;
      const FloatVec x00 = hn::Load(d, top);
      const FloatVec x01 = hn::Load(d, top + kLanes);
      const FloatVec x10 = hn::Load(d, top + row);
      const FloatVec x11 = hn::Load(d, top + row + kLanes);
      FloatVec best;
      if constexpr (kCodes) {
        best = PoolWindow(x00, x01, x10, x11, codes);
        codes += PadChannels(out_channels);
      } else {
        best = PoolWindow(x00, x01, x10, x11);
      }
      StoreFirst(best, out_channels - oc, dst);
    }
  }
}

template <int kM>
void OutputsOfImage(const WinogradShape& shape, int images, int image, const float* products,
                    const WinogradOutput& o, float* scratch) {
  const FloatTag d;
  const int padded = PadChannels(shape.out_channels);
  const int64_t plane = shape.ProductPlane(images);
  const int64_t row = int64_t{shape.tiles_w} * kM * kLanes;
  for (int oc = 0; oc < shape.out_channels; oc += kLanes) {
    const FloatVec bias = o.bias == nullptr ? hn::Zero(d) : hn::Load(d, o.bias + oc);
    const float* tile = products + int64_t{image} * shape.tiles() * padded + oc;
    for (int th = 0; th < shape.tiles_h; ++th) {
      for (int tw = 0; tw < shape.tiles_w; ++tw, tile += padded) {
        TransformOutputs<kM>(tile, plane, bias, scratch + th * kM * row + tw * kM * kLanes, row);
      }
    }
    for (int i = 0; i < o.zeros.count; ++i) {
      hn::Store(bias, d, scratch + int64_t{o.zeros.outputs[i]} * kLanes);
    }
    if (!o.pooled) {
      StoreWhole(o, shape.out_channels, oc, scratch, row);
    } else if (o.codes != nullptr) {
      StorePooled<true>(o, shape.out_channels, oc, scratch, row);
    } else {
      StorePooled<false>(o, shape.out_channels, oc, scratch, row);
    }
  }
}

void Weights(const WinogradShape& shape, const float* weight, float* transformed) {
  (shape.tile == 5 ? &TransformAllWeights<5> : &TransformAllWeights<4>)(shape, weight, transformed);
}

void Inputs(const WinogradShape& shape, int images, int image, const float* src, int64_t src_row,
            float* inputs) {
  (shape.tile == 5 ? &InputsOfImage<5> : &InputsOfImage<4>)(shape, images, image, src, src_row,
                                                            inputs);
}

void Products(const WinogradShape& shape, int images, const float* inputs, const float* weights,
              float* products) {
  const int in_padded = PadChannels(shape.in_channels);
  const int out_padded = PadChannels(shape.out_channels);
  const int columns = (shape.out_channels + kLanes - 1) / kLanes * kLanes;
  for (int element = 0; element < shape.elements(); ++element) {
    const GemmOperands operands = {inputs + element * shape.InputPlane(images),
                                   in_padded,
                                   1,
                                   weights + element * shape.WeightPlane(),
                                   out_padded,
                                   products + element * shape.ProductPlane(images),
                                   out_padded};
    GemmInCache<false>(operands, images * shape.tiles(), columns, shape.in_channels);
  }
}

void Outputs(const WinogradShape& shape, int images, int image, const float* products,
             const WinogradOutput& output, float* scratch) {
  (shape.tile == 5 ? &OutputsOfImage<5> : &OutputsOfImage<4>)(shape, images, image, products,
                                                              output, scratch);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(Weights);
HWY_EXPORT(Inputs);
HWY_EXPORT(Products);
HWY_EXPORT(Outputs);
HWY_EXPORT(MayHaveZeroPatches);
HWY_EXPORT(CountZeros);

WinogradShape ChooseWinogradShape(int out_height, int out_width, int in_channels,
                                  int out_channels) {
  WinogradShape best;
  for (int tile : {4, 5}) {
    const WinogradShape shape = {tile, (out_height + tile - 1) / tile,
                                 (out_width + tile - 1) / tile, in_channels, out_channels};
    const bool better = shape.tiles() * shape.elements() < best.tiles() * best.elements();
    if (best.tiles() == 0 || better) best = shape;
  }
  return best;
}

void WinogradWeights(const WinogradShape& shape, const float* weight, float* transformed) {
  HWY_DYNAMIC_DISPATCH(Weights)(shape, weight, transformed);
}

void WinogradInputs(const WinogradShape& shape, int images, int image, const float* src,
                    int64_t src_row, float* inputs) {
  HWY_DYNAMIC_DISPATCH(Inputs)(shape, images, image, src, src_row, inputs);
}

void WinogradProducts(const WinogradShape& shape, int images, const float* inputs,
                      const float* weights, float* products) {
  HWY_DYNAMIC_DISPATCH(Products)(shape, images, inputs, weights, products);
}

int64_t WinogradScratchFloats(const WinogradShape& shape) {
  return int64_t{shape.tiles()} * shape.tile * shape.tile * kChannelPadding;
}

int64_t ZeroPatchesBytes(const WinogradShape& shape) {
  const int64_t outputs = int64_t{shape.tiles()} * shape.tile * shape.tile;
  const int64_t inputs = int64_t{shape.in_height()} * shape.in_width();
  return (outputs + inputs) * static_cast<int64_t>(sizeof(int32_t));
}

ZeroPatches FindZeroPatches(const WinogradShape& shape, const float* src, int64_t src_row,
                            void* memory) {
  const int height = shape.tiles_h * shape.tile;
  const int width = shape.tiles_w * shape.tile;
  auto* outputs = static_cast<int32_t*>(memory);
  int32_t* runs = outputs + int64_t{height} * width;
  ZeroPatches zeros{.outputs = outputs};
  if (!HWY_DYNAMIC_DISPATCH(MayHaveZeroPatches)(shape, src, src_row)) return zeros;
  HWY_DYNAMIC_DISPATCH(CountZeros)(shape, src, src_row, runs);
  const int runs_row = shape.in_width();
  for (int h = 0; h < height; ++h, runs += runs_row) {
    for (int w = 0; w < width; ++w) {
      const int32_t* right = runs + w + 2;
      const int32_t shortest = std::min({right[0], right[runs_row], right[2 * runs_row]});
      outputs[zeros.count] = h * width + w;
      zeros.count += shortest >= 3;
    }
  }
  return zeros;
}

void WinogradOutputs(const WinogradShape& shape, int images, int image, const float* products,
                     const WinogradOutput& output, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Outputs)(shape, images, image, products, output, scratch);
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
