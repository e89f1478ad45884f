// Colours and transparency to grey.
#pragma once

#include <cstdint>

#include "common/images/grey_image.h"

namespace convoy::images {

// Returns grey pixels for `pixels` [height, width, channels], the channels being grey (1), grey and
// opacity (2), RGB (3) or RGBA (4). Colours become the grey of their brightness (luma of ITU-R
// BT.601). What is transparent gets a background that the rest stands out from: white behind dark
// pictures, black behind light ones. REQUIRES: 1 to 4 channels.
GreyImage ToGrey(const uint8_t* pixels, int height, int width, int channels);

}  // namespace convoy::images
