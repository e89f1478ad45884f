// How pictures become images of one size: what a recipe says of the data.
#pragma once

#include <cstdint>
#include <functional>

#include "common/images/decode/color_image.h"

namespace convoy::data {

// The largest height and width of images that are made of pictures.
inline constexpr int kMaxPictureSide = 256;

struct LoadOptions {
  // The images' size; 0: that of the pictures, which then must all have the same.
  int height = 0;
  int width = 0;
  images::ImageFit fit = images::ImageFit::kCrop;  // of a picture of another shape
  int channels = 0;                                // 1 or 3; 0: 1 if all pictures are grey, else 3
  bool skip_bad = false;                           // leave out pictures that cannot be read
  bool transpose = false;                          // swap rows and columns, as EMNIST needs
  int64_t max_pictures = 0;                        // of each part; 0: all
  int threads = 1;                                 // that decode
  // Is told how many pictures of all are decoded, now and then, by one thread. May be empty.
  std::function<void(int64_t done, int64_t total)> progress;
};

}  // namespace convoy::data
