// libFuzzer program: whatever bytes are taken for a JPEG or PNG, nothing crashes, errors are one
// line that names the file, and what is decoded fits into any size and number of channels.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/images/decode/decode.h"
#include "tests/fuzz/one_line.h"

namespace convoy::images {
namespace {

constexpr DecodeLimits kLimits{.max_bytes = 1 << 20, .max_pixels = 1 << 18};

void CheckFits(const ColorImage& image) {
  for (const ImageFit fit : {ImageFit::kCrop, ImageFit::kPad, ImageFit::kStretch}) {
    for (const int channels : {1, 3}) {
      const ColorImage fitted = WithChannels(FitTo(image, 9, 14, fit), channels);
      CONVOY_CHECK_EQ(fitted.pixels.size(), size_t{9} * 14 * static_cast<size_t>(channels));
    }
  }
}

void CheckDecoding(std::string_view bytes) {
  const absl::StatusOr<GreyImage> grey = DecodeGrey(bytes, "NAME", kLimits);
  if (!grey.ok()) CheckOneLineThatNames("NAME: ", grey.status());
  const absl::StatusOr<ColorImage> image = DecodePicture(bytes, "NAME", kLimits);
  if (!image.ok()) return CheckOneLineThatNames("NAME: ", image.status());
  CONVOY_CHECK(image->channels == 1 || image->channels == 3);
  CONVOY_CHECK(image->width > 0 && image->height > 0);
  CONVOY_CHECK_EQ(static_cast<int64_t>(image->pixels.size()),
                  int64_t{image->width} * image->height * image->channels);
  CheckFits(*image);
}

}  // namespace
}  // namespace convoy::images

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  convoy::images::CheckDecoding({reinterpret_cast<const char*>(data), size});
  return 0;
}
