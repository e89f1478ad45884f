// libFuzzer program: whatever bytes are taken for a PNG, nothing crashes, errors are one line that
// names the file, and what is decoded can be prepared or is refused.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/images/digit.h"
#include "common/images/png.h"
#include "tests/fuzz/one_line.h"

namespace convoy::images {
namespace {

constexpr PngLimits kLimits{.max_bytes = 1 << 20, .max_pixels = 1 << 16};
constexpr int kSide = 28;

void CheckDecoding(std::string_view bytes) {
  const absl::StatusOr<GreyImage> image = DecodePng(bytes, "NAME", kLimits);
  if (!image.ok()) return CheckOneLineThatNames("NAME: ", image.status());
  CONVOY_CHECK_EQ(image->pixels.size(), static_cast<size_t>(image->width) * image->height);
  const absl::StatusOr<PreparedDigit> digit = PrepareDigit(*image, kSide, kSide);
  if (digit.ok()) CONVOY_CHECK_EQ(digit->pixels.size(), size_t{kSide} * kSide);
}

}  // namespace
}  // namespace convoy::images

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  convoy::images::CheckDecoding({reinterpret_cast<const char*>(data), size});
  return 0;
}
