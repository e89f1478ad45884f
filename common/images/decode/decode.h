// Picture files, JPEG and PNG, to pixels. What comes in may be anything: broken, cut short, huge,
// or small bytes that unpack to a huge picture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/images/decode/color_image.h"
#include "common/images/grey_image.h"

namespace convoy::images {

// What a picture may cost to unpack: some four bytes a pixel.
struct DecodeLimits {
  size_t max_bytes = size_t{64} << 20;
  int64_t max_pixels = 50'000'000;
};

// Decodes a JPEG (baseline or progressive; grey, colour, CMYK; turned as its EXIF says) or a PNG of
// any colour type, bit depth and interlacing; the content tells which. A grey picture has one
// channel, every other three; what is transparent is laid on white. The decoders' settings are
// fixed, so a file gives the same bits on any machine. `name` names it in messages. Thread-safe.
//
// Returns INVALID_ARGUMENT if it is neither, broken or cut short, RESOURCE_EXHAUSTED if it is
// larger than the limits; nothing of the picture's size is allocated before that is known.
absl::StatusOr<ColorImage> DecodePicture(std::string_view bytes, const std::string& name,
                                         const DecodeLimits& limits = {});

// Decodes a picture of a digit as grey: a PNG by DecodePng, which lays what is transparent on what
// the rest stands out from, a JPEG as above. Errors of both.
absl::StatusOr<GreyImage> DecodeGrey(std::string_view bytes, const std::string& name,
                                     const DecodeLimits& limits = {});

// True if `bytes` begin as every JPEG does.
bool IsJpeg(std::string_view bytes);

// DecodePicture of the one format.
absl::StatusOr<ColorImage> DecodeJpeg(std::string_view bytes, const std::string& name,
                                      const DecodeLimits& limits);
absl::StatusOr<ColorImage> DecodeColorPng(std::string_view bytes, const std::string& name,
                                          const DecodeLimits& limits);

}  // namespace convoy::images
