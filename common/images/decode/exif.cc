#include "common/images/decode/exif.h"

#include <cstdint>
#include <utility>

#include "common/base/check.h"

namespace convoy::images {
namespace {

constexpr std::string_view kExif("Exif\0\0", 6);
constexpr uint16_t kOrientationTag = 0x0112;
constexpr size_t kEntryBytes = 12;
constexpr int kUpright = 1;

// Reads numbers of a TIFF structure; beyond its end they are 0.
class TiffReader {
 public:
  explicit TiffReader(std::string_view bytes)
      : bytes_(bytes), little_endian_(bytes.starts_with("II")) {}

  uint16_t Uint16(size_t at) const {
    const auto low = static_cast<unsigned>(Byte(at + (little_endian_ ? 0 : 1)));
    const auto high = static_cast<unsigned>(Byte(at + (little_endian_ ? 1 : 0)));
    return static_cast<uint16_t>(high << 8 | low);
  }
  size_t Uint32(size_t at) const {
    const size_t first = Uint16(at);
    const size_t second = Uint16(at + 2);
    return little_endian_ ? second << 16 | first : first << 16 | second;
  }

 private:
  uint8_t Byte(size_t at) const {
    return at < bytes_.size() ? static_cast<uint8_t>(bytes_[at]) : uint8_t{0};
  }

  std::string_view bytes_;
  bool little_endian_;
};

}  // namespace

int ExifOrientation(std::string_view app1) {
  if (!app1.starts_with(kExif)) return kUpright;
  const TiffReader tiff(app1.substr(kExif.size()));
  const size_t directory = tiff.Uint32(4);
  const int entries = tiff.Uint16(directory);
  for (int i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + static_cast<size_t>(i) * kEntryBytes;
    if (entry > app1.size()) break;
    if (tiff.Uint16(entry) != kOrientationTag) continue;
    const int orientation = tiff.Uint16(entry + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
  }
  return kUpright;
}

// Orientations 5 to 8 swap the axes; which ends are swapped then is in a table of three bits:
// 2 mirrors, 3 turns by 180 degrees, 4 flips, 5 transposes, 6 turns right, 7 is the other diagonal,
// 8 turns left.
ColorImage TurnUpright(ColorImage image, int orientation) {
  CONVOY_CHECK(orientation >= 1 && orientation <= 8);
  if (orientation == kUpright) return image;
  const bool swap_axes = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation >= 7;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  ColorImage turned{.height = swap_axes ? image.width : image.height,
                    .width = swap_axes ? image.height : image.width,
                    .channels = image.channels};
  turned.pixels.reserve(image.pixels.size());
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      int from_x = swap_axes ? y : x;
      int from_y = swap_axes ? x : y;
      if (from_right) from_x = image.width - 1 - from_x;
      if (from_bottom) from_y = image.height - 1 - from_y;
      const auto at = (int64_t{from_y} * image.width + from_x) * image.channels;
      for (int c = 0; c < image.channels; ++c) {
        turned.pixels.push_back(image.pixels[static_cast<size_t>(at + c)]);
      }
    }
  }
  return turned;
}

}  // namespace convoy::images
