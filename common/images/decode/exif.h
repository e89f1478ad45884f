// The orientation that a camera notes in a JPEG file instead of turning the pixels.
#pragma once

#include <string_view>

#include "common/images/decode/color_image.h"

namespace convoy::images {

// Returns the orientation, 1 to 8, that `app1` (the content of a JPEG's APP1 segment) tells; 1,
// upright, where it tells none or is damaged. Source: Exif 2.3, JEITA CP-3451C, tag 0x0112.
int ExifOrientation(std::string_view app1);

// Returns the picture as it is meant to be seen. REQUIRES: 1 <= orientation <= 8.
ColorImage TurnUpright(ColorImage image, int orientation);

}  // namespace convoy::images
