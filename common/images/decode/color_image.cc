#include "common/images/decode/color_image.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/suggest.h"
#include "common/images/colors.h"
#include "common/images/grey_image.h"

namespace convoy::images {
namespace {

// Where the picture goes: the part of the source that is shown, and the part of the result that
// shows it.
struct Placement {
  Box from;
  Box to;
};

// The middle part of `size` in so many.
int Offset(int whole, int part) { return (whole - part) / 2; }

int Scaled(int64_t side, int64_t numerator, int64_t denominator) {
  return static_cast<int>(std::max<int64_t>(1, (side * numerator + denominator / 2) / denominator));
}

// The largest part of the source with the result's proportions, in the middle.
Placement Crop(const ColorImage& src, int height, int width) {
  int part_width = std::min(src.width, Scaled(src.height, width, height));
  int part_height = std::min(src.height, Scaled(src.width, height, width));
  return {.from = {Offset(src.width, part_width), Offset(src.height, part_height), part_width,
                   part_height},
          .to = {0, 0, width, height}};
}

// The largest part of the result with the source's proportions, in the middle.
Placement Pad(const ColorImage& src, int height, int width) {
  int part_width = std::min(width, Scaled(height, src.width, src.height));
  int part_height = std::min(height, Scaled(width, src.height, src.width));
  return {.from = {0, 0, src.width, src.height},
          .to = {Offset(width, part_width), Offset(height, part_height), part_width, part_height}};
}

Placement Place(const ColorImage& src, int height, int width, ImageFit fit) {
  if (fit == ImageFit::kCrop) return Crop(src, height, width);
  if (fit == ImageFit::kPad) return Pad(src, height, width);
  return {.from = {0, 0, src.width, src.height}, .to = {0, 0, width, height}};
}

GreyImage Channel(const ColorImage& src, int channel) {
  GreyImage plane{src.width, src.height, {}};
  plane.pixels.reserve(static_cast<size_t>(src.height) * static_cast<size_t>(src.width));
  for (size_t i = static_cast<size_t>(channel); i < src.pixels.size();
       i += static_cast<size_t>(src.channels)) {
    plane.pixels.push_back(src.pixels[i]);
  }
  return plane;
}

}  // namespace

absl::StatusOr<ImageFit> ParseImageFit(const std::string& name) {
  if (name == "crop") return ImageFit::kCrop;
  if (name == "pad") return ImageFit::kPad;
  if (name == "stretch") return ImageFit::kStretch;
  return absl::InvalidArgumentError(absl::StrCat("must be crop, pad or stretch, not '", name, "'",
                                                 DidYouMean(name, {"crop", "pad", "stretch"})));
}

ColorImage FitTo(const ColorImage& src, int height, int width, ImageFit fit) {
  CONVOY_CHECK(src.height > 0 && src.width > 0 && height > 0 && width > 0);
  if (src.height == height && src.width == width) return src;
  const Placement place = Place(src, height, width, fit);
  ColorImage dst{.height = height, .width = width, .channels = src.channels};
  dst.pixels.resize(static_cast<size_t>(height) * static_cast<size_t>(width) *
                    static_cast<size_t>(src.channels));
  for (int c = 0; c < src.channels; ++c) {
    const Plane plane = Resample(Channel(src, c), place.from, place.to.width, place.to.height);
    for (int y = 0; y < place.to.height; ++y) {
      for (int x = 0; x < place.to.width; ++x) {
        const auto at = (int64_t{place.to.y + y} * width + place.to.x + x) * src.channels + c;
        const float value = std::clamp(plane.at(x, y), 0.0f, 255.0f);
        dst.pixels[static_cast<size_t>(at)] = static_cast<uint8_t>(value + 0.5f);
      }
    }
  }
  return dst;
}

ColorImage WithChannels(ColorImage image, int channels) {
  CONVOY_CHECK(channels == 1 || channels == 3);
  if (image.channels == channels) return image;
  ColorImage other{.height = image.height, .width = image.width, .channels = channels};
  if (channels == 1) {
    other.pixels =
        std::move(ToGrey(image.pixels.data(), image.height, image.width, image.channels).pixels);
    return other;
  }
  other.pixels.reserve(3 * image.pixels.size());
  for (const uint8_t grey : image.pixels) other.pixels.insert(other.pixels.end(), 3, grey);
  return other;
}

}  // namespace convoy::images
