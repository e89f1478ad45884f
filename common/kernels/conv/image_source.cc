#include "common/kernels/conv/image_source.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/conv/image_source.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// dst = src / 255, exactly as the division rounds: 1/255 is split into a part of 16 bits, whose
// product with a byte is exact, and a rest. The test goes through all 256 bytes.
void BytesToFloats(const uint8_t* src, int64_t count, float* dst) {
  constexpr float kHigh = 32896.0f / 8388608.0f;
  constexpr float kLow = static_cast<float>(1.0 / 255 - 32896.0 / 8388608.0);
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto convert = [&](int64_t i) HWY_ATTR {
    const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, src + i)));
    hn::StoreU(hn::MulAdd(x, hn::Set(d, kHigh), hn::Mul(x, hn::Set(d, kLow))), d, dst + i);
  };
  for (int64_t i = 0; i + lanes <= count; i += lanes) convert(i);
  if (count % lanes == 0) return;
  if (count > lanes) {
    convert(count - lanes);  // some once more
  } else {
    for (int64_t i = 0; i < count; ++i) dst[i] = static_cast<float>(src[i]) / 255.0f;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace convoy::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {

HWY_EXPORT(BytesToFloats);

void CopyImage(const Conv2dGeometry& g, const ImageSource& source, int image, float* dst,
               int64_t dst_row) {
  const int64_t row = int64_t{g.in_width} * g.in_channels;
  const auto convert = HWY_DYNAMIC_DISPATCH(BytesToFloats);
  dst += g.pad_top * dst_row + int64_t{g.pad_left} * g.in_channels;
  if (source.bytes != nullptr && dst_row == row) {
    convert(source.bytes[image], g.in_height * row, dst);
    return;
  }
  for (int h = 0; h < g.in_height; ++h) {
    if (source.bytes != nullptr) {
      convert(source.bytes[image] + h * row, row, dst + h * dst_row);
    } else {
      std::memcpy(dst + h * dst_row, source.floats + (int64_t{image} * g.in_height + h) * row,
                  row * sizeof(float));
    }
  }
}

}  // namespace convoy::kernels
#endif  // HWY_ONCE
