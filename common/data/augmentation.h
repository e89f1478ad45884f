// Augmentation: each training image is moved, turned, stretched and bent a little, anew in every
// epoch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/random.h"

namespace convoy::data {

// How far each goes at most; 0 is off. All draws are uniform and independent.
struct AugmentationConfig {
  double shift = 0;     // pixels, along each axis
  double rotation = 0;  // degrees, either way
  double zoom = 0;      // each axis is stretched by a factor of 1 - zoom to 1 + zoom
  double elastic = 0;   // pixels: deviation of a smooth random field of displacements

  bool horizontal_flip = false;  // every other image is mirrored
  int random_crop = 0;           // pixels: moved by whole ones along each axis, 0 comes in
  int cutout = 0;                // pixels: the side of a square, anywhere, that becomes 0
  double brightness = 0;         // part of 255: added to all values
  double color = 0;              // each channel is multiplied by 1 - color to 1 + color

  bool warps() const { return shift > 0 || rotation > 0 || zoom > 0 || elastic > 0; }
  bool changes_after_warp() const {
    return horizontal_flip || random_crop > 0 || cutout > 0 || brightness > 0 || color > 0;
  }
  bool any() const { return warps() || changes_after_warp(); }
};

// Returns INVALID_ARGUMENT, naming the recipe's field, for a value that makes no sense.
absl::Status ValidateAugmentation(const AugmentationConfig& config);

// Makes augmented images. An output pixel takes the source's value at the place that it is mapped
// to, bilinear between pixels and 0 outside the image. The map is a rotation and a stretch around
// the image's centre, a shift, and a field of displacements: a cubic B-spline on a grid of random
// vectors, about a quarter of the image apart. After Simard, Steinkraus, Platt, "Best practices for
// convolutional neural networks applied to visual document analysis", ICDAR 2003, whose field is
// smoothed noise; the spline is as smooth and much faster. Then the image is mirrored and moved by
// whole pixels, its values change, and a square is cut out (DeVries, Taylor, "Improved
// regularization of convolutional neural networks with cutout", 2017).
//
// Thread-compatible: each thread has its own, which takes all its memory when it is made. The bits
// of an image depend on seed, epoch and index alone, on any CPU.
class Augmenter {
 public:
  // Images are [height, width, channels]. REQUIRES: ValidateAugmentation(config) is OK.
  Augmenter(const AugmentationConfig& config, int height, int width, int channels);

  // Writes the image `src`, number `image_index` of the data set, as it is in the epoch `epoch`, to
  // `dst`, which must not overlap it.
  void Apply(uint64_t seed, uint32_t epoch, uint32_t image_index, const uint8_t* src, uint8_t* dst);

 private:
  static constexpr size_t kCells = 4;  // of the grid, along each axis
  static constexpr size_t kLines = kCells + 3;
  static constexpr size_t kTaps = 4;  // lines that a place depends on

  // The B-spline weights of a row or column of pixels, and the grid line that the first is for.
  struct Taps {
    size_t first;
    std::array<float, kTaps> weight;
  };
  // Where output pixel (0, 0) comes from, and how the place changes along x and y.
  struct Affine {
    float x, y;
    float x_by_x, y_by_x;
    float x_by_y, y_by_y;
  };
  using GridRow = std::array<float, kLines>;

  static std::vector<Taps> TapsOf(int pixels);
  Affine DrawAffine(RandomSequence& random) const;
  void DrawField(RandomSequence& random);
  void Pad(const uint8_t* src);
  void MapRow(const Affine& map, int y);
  void SampleRow(uint8_t* dst) const;
  void Warp(RandomSequence random, const uint8_t* src, uint8_t* dst);
  void MirrorAndMove(RandomSequence& random, const uint8_t* src, uint8_t* dst) const;
  void ChangeValues(RandomSequence& random, uint8_t* image) const;
  void CutOut(RandomSequence& random, uint8_t* image) const;

  AugmentationConfig config_;
  int height_;
  int width_;
  int channels_;
  std::vector<Taps> across_;  // [width]
  std::vector<Taps> down_;    // [height]
  std::array<GridRow, kLines> field_x_;
  std::array<GridRow, kLines> field_y_;
  std::vector<uint8_t> padded_;  // the source with zeros around
  std::vector<float> row_x_;     // [width]: where the pixels of a row come from, in padded_
  std::vector<float> row_y_;     // [width]
  std::vector<uint8_t> warped_;  // [height, width, channels]
};

}  // namespace convoy::data
