// Draws photographs as light falls: what the sheet, the ink and the desk reflect, times the light
// on them, then the lens's blur, the sensor's noise, and libjpeg.
#include "bench/photographs.h"

#include <cstdio>
// After cstdio, which it needs.
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "common/base/check.h"

namespace convoy::bench {
namespace {

constexpr int kSide = 28;
constexpr double kPi = 3.14159265358979323846;

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
  double vignette = 0;  // how much of the light a corner lacks
  double gradient = 0;  // how much of it one side lacks
  double shadow = 0;    // how much of it a shadow takes
  double penumbra = 0;  // how wide its edge is
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

struct Group {
  PhotoGroup group;
  std::function<void(Dice&, Scene&)> arrange;
};

void OnDesk(Dice& dice, Scene& scene, double degrees) {
  scene.desk = dice.Between(0.05, 0.15);
  scene.tilt = degrees * kPi / 180;
  const double dark = dice.Between(0.5, 1.6);
  scene.table = {90 * dark, 70 * dark, 50 * dark};
  scene.grain = dice.Between(0, 0.25);
  scene.size = dice.Between(0.25, 0.45);
}

void OnLines(Dice& dice, Scene& scene, Lines lines, double lowest, double highest) {
  scene.lines = lines;
  scene.spacing = dice.Between(lowest, highest);
  const double pale = dice.Between(0, 1);
  scene.line = {120 + 60 * pale, 150 + 50 * pale, 200 + 20 * pale};
  scene.size = dice.Between(0.3, 0.6);
}

const std::vector<Group>& Groups() {
  static const auto* const groups = new std::vector<Group>{
      {{"plain sheet", true}, [](Dice&, Scene&) {}},
      {{"desk, sheet straight", true}, [](Dice& d, Scene& s) { OnDesk(d, s, 0); }},
      {{"desk, sheet askew by up to 10", true},
       [](Dice& d, Scene& s) { OnDesk(d, s, d.Between(-10, 10)); }},
      {{"desk, sheet askew by up to 20", true},
       [](Dice& d, Scene& s) { OnDesk(d, s, d.Between(-20, 20)); }},
      {{"vignette, weak", true}, [](Dice& d, Scene& s) { s.vignette = d.Between(0.2, 0.5); }},
      {{"vignette, strong", true}, [](Dice& d, Scene& s) { s.vignette = d.Between(0.5, 0.9); }},
      {{"gradient of light", true}, [](Dice& d, Scene& s) { s.gradient = d.Between(0.3, 0.8); }},
      {{"hard shadow", true}, [](Dice& d, Scene& s) { s.shadow = d.Between(0.3, 0.7); }},
      {{"soft shadow", true},
       [](Dice& d, Scene& s) {
         s.shadow = d.Between(0.3, 0.7);
         s.penumbra = d.Between(0.05, 0.4);
       }},
      {{"desk, vignette and shadow", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-10, 10));
         s.vignette = d.Between(0.2, 0.6);
         s.shadow = d.Between(0.3, 0.5);
         s.penumbra = d.Between(0, 0.1);
       }},
      {{"ruled paper", true}, [](Dice& d, Scene& s) { OnLines(d, s, Lines::kRuled, 0.05, 0.1); }},
      {{"squared paper", true},
       [](Dice& d, Scene& s) { OnLines(d, s, Lines::kSquared, 0.03, 0.08); }},
      {{"ruled paper askew, vignette", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kRuled, 0.05, 0.1);
         s.tilt = d.Between(-0.15, 0.15);
         s.vignette = d.Between(0.2, 0.6);
       }},
      {{"JPEG of quality 30 to 95", true}, [](Dice& d, Scene& s) { s.quality = 30 + d.Below(66); }},
      {{"turned by EXIF", true}, [](Dice& d, Scene& s) { s.orientation = 1 + d.Below(8); }},
      {{"640 to 4000 pixels", true},
       [](Dice& d, Scene& s) {
         s.width = static_cast<int>(640 * std::pow(6.25, d.Between(0, 1)));
         s.height = s.width * 3 / 4;
         if (d.Below(2) == 0) std::swap(s.width, s.height);
         s.size = d.Between(0.15, 0.5);
         s.vignette = d.Between(0, 0.4);
       }},
      {{"blue ink", true},
       [](Dice&, Scene& s) {
         s.ink = {40, 60, 150};
       }},
      {{"red ink", true},
       [](Dice&, Scene& s) {
         s.ink = {190, 40, 45};
       }},
      {{"pencil", true},
       [](Dice& d, Scene& s) {
         const double grey = d.Between(90, 150);
         s.ink = {grey, grey, grey + 5};
         s.texture = 0.2;
         s.vignette = d.Between(0, 0.4);
       }},
      {{"pencil on ruled paper", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kRuled, 0.05, 0.1);
         s.ink = {110, 110, 115};
         s.texture = 0.2;
       }},
      {{"thick pen", true}, [](Dice&, Scene& s) { s.pen = 0.2; }},
      {{"thin pen", true}, [](Dice&, Scene& s) { s.pen = 0.75; }},
      {{"small", true}, [](Dice& d, Scene& s) { s.size = d.Between(0.12, 0.2); }},
      {{"large", true}, [](Dice& d, Scene& s) { s.size = d.Between(0.8, 1.1); }},
      {{"chalk on a blackboard", true},
       [](Dice& d, Scene& s) {
         const double board = d.Between(0.6, 1.4);
         s.paper = {45 * board, 60 * board, 52 * board};
         s.ink = {225, 225, 215};
         s.texture = 0.3;
         s.pen = 0.35;
         s.vignette = d.Between(0, 0.5);
       }},
      {{"noise of a dark room", true},
       [](Dice& d, Scene& s) {
         s.noise = d.Between(8, 16);
         s.paper = {150, 140, 120};
         s.gradient = d.Between(0, 0.4);
       }},
      {{"several digits", false},
       [](Dice& d, Scene& s) {
         s.digits = 2 + d.Below(3);
         s.size = d.Between(0.2, 0.35);
         s.gap = d.Between(-0.1, 0.4);
       }},
      {{"empty sheet", false},
       [](Dice& d, Scene& s) {
         s.digits = 0;
         s.vignette = d.Between(0, 0.7);
         s.shadow = d.Between(0, 0.5);
         s.penumbra = d.Between(0, 0.3);
       }},
      {{"empty sheet on a desk", false},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.digits = 0;
       }},
      {{"a desk's edge", false},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-30, 30));
         s.desk = 0;
         s.digits = 0;
         s.edge = true;
       }},
      {{"page of text", false},
       [](Dice& d, Scene& s) {
         s.text = d.Between(0.03, 0.12);
         s.tilt = d.Between(-0.1, 0.1);
       }},
      {{"desk, sheet askew by 20 to 35", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Below(2) == 0 ? d.Between(20, 35) : -d.Between(20, 35));
       }},
      {{"desk, sheet's corners cut off", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Below(2) == 0 ? d.Between(8, 25) : -d.Between(8, 25));
         s.desk = d.Between(-0.05, 0.03);
       }},
      {{"desk of planks, sheet askew", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.plank = d.Between(0.06, 0.15);
         s.plank_tilt = d.Between(-0.4, 0.4);
       }},
      {{"desk, askew, hard shadow", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.shadow = d.Between(0.3, 0.6);
       }},
  };
  return *groups;
}

double Mixed(double a, double b, double share) { return a + (b - a) * share; }

double SmoothStep(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

// The value of an image at a place from 0 to 28, 0 to 1, by linear interpolation.
double ValueAt(const uint8_t* image, double x, double y) {
  const auto pixel = [image](int px, int py) -> double {
    return px < 0 || py < 0 || px >= kSide || py >= kSide ? 0 : image[py * kSide + px] / 255.0;
  };
  const double left = std::floor(x - 0.5);
  const double top = std::floor(y - 0.5);
  const double u = x - 0.5 - left;
  const double v = y - 0.5 - top;
  const int px = static_cast<int>(left);
  const int py = static_cast<int>(top);
  return Mixed(Mixed(pixel(px, py), pixel(px + 1, py), u),
               Mixed(pixel(px, py + 1), pixel(px + 1, py + 1), u), v);
}

// What is seen at each place of a scene.
class Canvas {
 public:
  Canvas(const Scene& scene, const data::DatasetView& data, int64_t first, Dice& dice)
      : scene_(scene), data_(data), first_(first), unit_(std::min(scene.width, scene.height)) {
    const double free_x = scene.width * (1 - 2 * scene.desk) - Size() * (Across() + 0.1);
    const double free_y = scene.height * (1 - 2 * scene.desk) - Size();
    left_ = scene.width * 0.5 + (std::max(free_x, 0.0) * dice.Between(-0.4, 0.4)) -
            Size() * Across() / 2;
    top_ = scene.height * 0.5 + (std::max(free_y, 0.0) * dice.Between(-0.4, 0.4)) - Size() / 2;
    light_angle_ = dice.Between(0, 2 * kPi);
    light_place_ = dice.Between(-0.25, 0.25);
    phase_ = dice.Between(0, 1000);
    edge_place_ = dice.Between(-0.3, 0.3);
  }

  Color At(double x, double y) const {
    const double light = LightAt(x, y);
    Color color = SeenAt(x, y);
    for (double& value : color) value *= light;
    return color;
  }

 private:
  double Size() const { return scene_.size * unit_; }
  double Across() const { return std::max(1.0, scene_.digits + (scene_.digits - 1) * scene_.gap); }

  double LightAt(double x, double y) const {
    const double u = x / scene_.width - 0.5;
    const double v = y / scene_.height - 0.5;
    const double along = std::cos(light_angle_) * u + std::sin(light_angle_) * v;
    const double half = 0.5 * scene_.penumbra + 0.002;
    const double shadow = SmoothStep(light_place_ - half, light_place_ + half, along);
    return (1 - scene_.vignette * 2 * (u * u + v * v)) * (1 - scene_.gradient * (along + 0.5)) *
           (1 - scene_.shadow * shadow);
  }

  Color SeenAt(double x, double y) const {
    const double dx = x - scene_.width * 0.5;
    const double dy = y - scene_.height * 0.5;
    const double sx = std::cos(scene_.tilt) * dx + std::sin(scene_.tilt) * dy;
    const double sy = std::cos(scene_.tilt) * dy - std::sin(scene_.tilt) * dx;
    const bool off = (scene_.desk != 0 && (std::abs(sx) > scene_.width * (0.5 - scene_.desk) ||
                                           std::abs(sy) > scene_.height * (0.5 - scene_.desk))) ||
                     (scene_.edge && sy > scene_.height * edge_place_);
    return off ? TableAt(x, y) : SheetAt(sx + scene_.width * 0.5, sy + scene_.height * 0.5);
  }

  Color TableAt(double x, double y) const {
    const double wave = std::sin((0.15 * x + phase_ + 40 * std::sin(y / unit_ * 3)) * 300 / unit_) *
                        std::sin(y * 20 / unit_);
    const double across = std::cos(scene_.plank_tilt) * y - std::sin(scene_.plank_tilt) * x;
    const double plank = scene_.plank * unit_;
    const bool crack = plank > 0 && std::fmod(across + phase_ + 100 * plank, plank) < 0.006 * unit_;
    Color color = scene_.table;
    for (double& value : color) value *= (1 + scene_.grain * wave) * (crack ? 0.5 : 1);
    return color;
  }

  Color SheetAt(double x, double y) const {
    Color color = scene_.paper;
    const double line = LineAt(x, y);
    const double ink = InkAt(x, y);
    for (size_t i = 0; i < color.size(); ++i) {
      color[i] = Mixed(Mixed(color[i], scene_.line[i], line), scene_.ink[i], ink);
    }
    return color;
  }

  double LineAt(double x, double y) const {
    if (scene_.lines == Lines::kNone) return 0;
    const double thick = std::max(1.0, 0.003 * unit_);
    const double spacing = scene_.spacing * unit_;
    const bool row = std::fmod(y + phase_ + 100 * spacing, spacing) < thick;
    const bool column = std::fmod(x + phase_ + 100 * spacing, spacing) < thick;
    return row || (scene_.lines == Lines::kSquared && column) ? 1 : 0;
  }

  double InkAt(double x, double y) const {
    if (scene_.text > 0) return TextAt(x, y);
    if (scene_.digits == 0) return 0;
    const double step = 1 + scene_.gap;
    double ink = 0;
    for (int i = 0; i < scene_.digits; ++i) {
      ink = std::max(
          ink, StrokeAt(first_ + i, (x - left_) / Size() - i * step, (y - top_) / Size(), Size()));
    }
    if (scene_.texture > 0) {
      const double rough = std::sin(x * 1.7 + 3 * std::sin(y * 0.9)) * std::sin(y * 1.3 + x * 0.4);
      ink *= 1 - scene_.texture * std::max(rough, 0.0);
    }
    return ink;
  }

  double TextAt(double x, double y) const {
    const double height = scene_.text * unit_;
    const double row = std::floor(y / (1.5 * height));
    const double column = std::floor(x / (0.75 * height));
    const auto letter = static_cast<int64_t>(std::abs(37 * row + 11 * column));
    if (letter % 6 == 0) return 0;  // between words
    return StrokeAt(first_ + letter, (x / (0.75 * height) - column - 0.5) * 0.75 + 0.5,
                    y / (1.5 * height) - row, height);
  }

  // The ink of an image at a place from 0 to 1, its edge a pixel wide.
  double StrokeAt(int64_t image, double u, double v, double size) const {
    if (u < 0 || v < 0 || u >= 1 || v >= 1) return 0;
    const double value = ValueAt(data_.image(image % data_.count), u * kSide, v * kSide);
    const double soft = std::clamp(2 * kSide / size / 4, 0.05, 0.4);
    return SmoothStep(scene_.pen - soft, scene_.pen + soft, value);
  }

  const Scene& scene_;
  const data::DatasetView& data_;
  int64_t first_;
  double unit_;
  double left_ = 0;
  double top_ = 0;
  double light_angle_ = 0;
  double light_place_ = 0;
  double phase_ = 0;
  double edge_place_ = 0;
};

// The rows of the picture as the file holds it, before EXIF turns it.
struct Pixels {
  int width;
  int height;
  std::vector<uint8_t> values;  // [height, width, 3]
};

Pixels Expose(const Scene& scene, const Canvas& canvas, Dice& dice) {
  const int orientation = scene.orientation;
  const bool turned = orientation >= 5;
  Pixels pixels{turned ? scene.height : scene.width, turned ? scene.width : scene.height, {}};
  pixels.values.reserve(static_cast<size_t>(pixels.width) * pixels.height * 3);
  // Where the picture's first row and column are in the file: Exif 2.3, tag 0x0112.
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  for (int row = 0; row < pixels.height; ++row) {
    for (int column = 0; column < pixels.width; ++column) {
      double x = turned ? row : column;
      double y = turned ? column : row;
      if (flip_x) x = scene.width - 1 - x;
      if (flip_y) y = scene.height - 1 - y;
      const Color color = canvas.At(x + 0.5, y + 0.5);
      const double noise = scene.noise * dice.Noise();
      for (const double value : color) {
        pixels.values.push_back(static_cast<uint8_t>(std::clamp(value + noise, 0.0, 255.0) + 0.5));
      }
    }
  }
  return pixels;
}

std::string ExifOf(int orientation) {
  const char exif[] = {'E', 'x',  'i', 'f', 0,
                       0,   'I',  'I', 42,  0,
                       8,   0,    0,   0,   1,
                       0,   0x12, 1,   3,   0,
                       1,   0,    0,   0,   static_cast<char>(orientation),
                       0,   0,    0,   0,   0,
                       0,   0};
  return {exif, sizeof(exif)};
}

std::string EncodeJpeg(const Pixels& pixels, int quality, int orientation) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = static_cast<JDIMENSION>(pixels.width);
  encoder.image_height = static_cast<JDIMENSION>(pixels.height);
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  const std::string exif = ExifOf(orientation);
  jpeg_write_marker(&encoder, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                    static_cast<unsigned>(exif.size()));
  while (encoder.next_scanline < encoder.image_height) {
    auto* row = const_cast<JSAMPROW>(pixels.values.data()) +
                static_cast<size_t>(encoder.next_scanline) * static_cast<size_t>(pixels.width) * 3;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&encoder);
  std::free(bytes);
  return file;
}

}  // namespace

std::span<const PhotoGroup> PhotoGroups() {
  static const auto* const named = [] {
    auto* all = new std::vector<PhotoGroup>;
    for (const Group& group : Groups()) all->push_back(group.group);
    return all;
  }();
  return *named;
}

std::string Photograph(int group, const data::DatasetView& data, int64_t number, uint64_t seed) {
  CONVOY_CHECK(group >= 0 && static_cast<size_t>(group) < Groups().size());
  Dice dice(seed, static_cast<uint32_t>(group), static_cast<uint32_t>(number));
  Scene scene;
  const double brightness = dice.Between(0.75, 1.05);
  scene.size = dice.Between(0.3, 0.6);
  scene.tilt = dice.Between(-0.03, 0.03);
  scene.pen = dice.Between(0.4, 0.55);
  scene.noise = dice.Between(1, 5);
  scene.quality = 70 + dice.Below(26);
  for (double& value : scene.paper) value *= brightness;
  Groups()[static_cast<size_t>(group)].arrange(dice, scene);
  const Canvas canvas(scene, data, number, dice);
  return EncodeJpeg(Expose(scene, canvas, dice), scene.quality, scene.orientation);
}

}  // namespace convoy::bench
