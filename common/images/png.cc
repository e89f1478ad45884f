#include "common/images/png.h"

#include <png.h>

#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/images/colors.h"

namespace convoy::images {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";

// libpng's simplified interface, which keeps its errors in `image` and prints nothing. Frees what
// libpng holds.
class PngImage {
 public:
  PngImage() { image_.version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(&image_); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;

  png_image* get() { return &image_; }
  png_image* operator->() { return &image_; }

 private:
  png_image image_{};
};

absl::Status Broken(const std::string& name, const char* reason) {
  return TextError(absl::StatusCode::kInvalidArgument,
                   "$0: broken PNG ($1); save the picture again", name, reason);
}

absl::Status CheckSize(PngImage& image, const std::string& name, const PngLimits& limits) {
  const int64_t pixels = int64_t{image->width} * image->height;
  if (pixels <= limits.max_pixels) return absl::OkStatus();
  return TextError(absl::StatusCode::kResourceExhausted,
                   "$0: the picture has $1 x $2 pixels; at most $3 are read, so make it smaller",
                   name, image->width, image->height, limits.max_pixels);
}

}  // namespace

bool IsPng(std::string_view bytes) { return bytes.starts_with(kSignature); }

absl::StatusOr<PngPixels> ReadPng(std::string_view bytes, const std::string& name,
                                  const PngLimits& limits, PngLayout layout) {
  if (!IsPng(bytes)) {
    return InvalidArgumentTextError("$0: no PNG file ($1 bytes); save the picture as PNG", name,
                                    bytes.size());
  }
  if (bytes.size() > limits.max_bytes) {
    return TextError(absl::StatusCode::kResourceExhausted,
                     "$0: the file has $1 bytes; at most $2 are read, so make the picture smaller",
                     name, bytes.size(), limits.max_bytes);
  }
  PngImage image;
  if (png_image_begin_read_from_memory(image.get(), bytes.data(), bytes.size()) == 0) {
    return Broken(name, image->message);
  }
  CONVOY_RETURN_IF_ERROR(CheckSize(image, name, limits));
  PngPixels pixels{.height = static_cast<int>(image->height),
                   .width = static_cast<int>(image->width),
                   .is_colored = (image->format & PNG_FORMAT_FLAG_COLOR) != 0,
                   .bytes = {}};
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  image->format = layout == PngLayout::kRgba ? PNG_FORMAT_RGBA : PNG_FORMAT_GA;
  pixels.bytes.resize(PNG_IMAGE_SIZE(*image.get()));
  if (png_image_finish_read(image.get(), nullptr, pixels.bytes.data(), 0, nullptr) == 0) {
    return Broken(name, image->message);
  }
  return pixels;
}

absl::StatusOr<GreyImage> DecodePng(std::string_view bytes, const std::string& name,
                                    const PngLimits& limits) {
  CONVOY_ASSIGN_OR_RETURN(const PngPixels pixels,
                          ReadPng(bytes, name, limits, PngLayout::kGreyAlpha));
  return ToGrey(pixels.bytes.data(), pixels.height, pixels.width, 2);
}

std::string EncodePng(const GreyImage& image) {
  PngImage png;
  png->width = static_cast<png_uint_32>(image.width);
  png->height = static_cast<png_uint_32>(image.height);
  png->format = PNG_FORMAT_GRAY;
  CONVOY_CHECK_EQ(PNG_IMAGE_SIZE(*png.get()), image.pixels.size());
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(*png.get());
  std::string bytes(size, '\0');
  const int written =
      png_image_write_to_memory(png.get(), bytes.data(), &size, 0, image.pixels.data(), 0, nullptr);
  CONVOY_CHECK(written != 0);
  bytes.resize(size);
  return bytes;
}

}  // namespace convoy::images
