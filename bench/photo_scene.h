// What a drawn photograph shows, and its drawing as light falls: what the sheet, the ink and the
// desk reflect, times the light on them, then the sensor's noise.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/base/random.h"
#include "common/data/dataset.h"

namespace convoy::bench {

using Color = std::array<double, 3>;  // red, green, blue, 0 to 255

enum class Lines { kNone, kRuled, kSquared };

// What is photographed, and how. Lengths are shares of the picture's smaller side.
struct Scene {
  int width = 640;
  int height = 480;
  Color paper = {228, 226, 220};
  Color ink = {35, 35, 45};
  double size = 0.4;   // of the digit's image
  double pen = 0.5;    // the value of MNIST's pixels above which there is ink
  double texture = 0;  // how much of the ink is missing, as of chalk
  int digits = 1;
  double gap = 0.1;  // between two, of their size
  double text = 0;   // the height of a page's letters
  double tilt = 0;   // of the sheet, in radians
  double desk = 0;   // how much of the picture is desk, on each side
  Color table = {90, 70, 50};
  double grain = 0.1;  // of the table
  double plank = 0;    // how wide its planks are
  double plank_tilt = 0;
  bool edge = false;  // the sheet ends in the picture
  Lines lines = Lines::kNone;
  Color line = {150, 180, 215};
  double spacing = 0.07;
  double line_width = 0.003;
  double frame = 0;     // the side of a form's box around the digit, over the digit's
  double residue = 0;   // how much is left of what was wiped off
  bool holes = false;   // a row of them along the left side, as for a spiral
  double finger = 0;    // how far one comes in from the lower edge
  double vignette = 0;  // how much of the light a corner lacks
  double gradient = 0;  // how much of it one side lacks
  double shadow = 0;    // how much of it a shadow takes
  double penumbra = 0;  // how wide its edge is
  double glare = 0;     // how much light a lamp's reflection adds, of white
  double moire = 0;     // how much a screen's pixels add or take
  double noise = 3;     // standard deviation
  int quality = 90;     // of the JPEG
  int orientation = 1;  // of its EXIF
};

class Dice {
 public:
  Dice(uint64_t seed, uint32_t a, uint32_t b) : random_(seed, RandomStream::kNoise, a, b) {}

  double Between(double low, double high) { return low + (high - low) * random_.NextFloat(); }
  int Below(int bound) { return static_cast<int>(random_.NextBelow(static_cast<uint64_t>(bound))); }
  // Of mean 0 and deviation 1, near enough.
  double Noise() {
    return std::sqrt(2.0) * (Between(-1, 1) + Between(-1, 1) + Between(-1, 1)) / std::sqrt(2.0);
  }

 private:
  RandomSequence random_;
};

// The value of an image of 28 x 28 at a place from 0 to 28, 0 to 1, by linear interpolation.
double ValueAt(const uint8_t* image, double x, double y);

// The rows of the picture as the file holds it, before EXIF turns it.
struct Pixels {
  int width;
  int height;
  std::vector<uint8_t> values;  // [height, width, 3]
};

// Draws a scene on which images of `data` are written from `first` on.
Pixels Expose(const Scene& scene, const data::DatasetView& data, int64_t first, Dice& dice);

}  // namespace convoy::bench
