// Every place of the picture is asked what is seen there: the light on it, whether it is sheet or
// table, what is printed and written on the sheet. Edges are as sharp as a lens makes them.
#include "bench/photo_scene.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace convoy::bench {
namespace {

constexpr int kSide = 28;
constexpr double kPi = 3.14159265358979323846;
constexpr Color kSkin = {205, 150, 125};

double Mixed(double a, double b, double share) { return a + (b - a) * share; }

double SmoothStep(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
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
    if (scene.finger > 0) finger_place_ = dice.Between(0.1, 0.9);
    if (scene.glare > 0) {
      glare_x_ = dice.Between(0.1, 0.9);
      glare_y_ = dice.Between(0.1, 0.9);
    }
  }

  Color At(double x, double y) const {
    const double light = LightAt(x, y) * (1 + MoireAt(x, y));
    const double glare = GlareAt(x, y);
    Color color = IsFinger(x, y) ? kSkin : SeenAt(x, y);
    for (double& value : color) value = value * light + 255 * glare;
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

  // A lamp's reflection on something glossy, with a soft edge.
  double GlareAt(double x, double y) const {
    if (scene_.glare == 0) return 0;
    const double distance =
        std::hypot(x - glare_x_ * scene_.width, y - glare_y_ * scene_.height) / unit_;
    return scene_.glare * (1 - SmoothStep(0.04, 0.3, distance));
  }

  // A screen's rows and columns, a little finer than the camera's, beat with them.
  double MoireAt(double x, double y) const {
    if (scene_.moire == 0) return 0;
    const double rows = std::sin(2 * kPi * (0.93 * y + 0.04 * x));
    const double columns = std::sin(2 * kPi * (0.95 * x - 0.03 * y));
    return 0.5 * scene_.moire * (rows + columns);
  }

  // A finger that holds the sheet, from below.
  bool IsFinger(double x, double y) const {
    if (scene_.finger == 0) return false;
    const double half = 0.06 * unit_;
    const double across = x - finger_place_ * scene_.width;
    const double tip = scene_.height - scene_.finger * unit_ + half;
    return std::abs(across) < half && (y > tip || std::hypot(across, y - tip) < half);
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
    const double line = std::max(LineAt(x, y), FrameAt(x, y));
    const double ink = std::max(InkAt(x, y), HoleAt(x, y));
    for (double& value : color) value *= 1 - scene_.residue * WipedAt(x, y);
    for (size_t i = 0; i < color.size(); ++i) {
      color[i] = Mixed(Mixed(color[i], scene_.line[i], line), scene_.ink[i], ink);
    }
    return color;
  }

  double LineAt(double x, double y) const {
    if (scene_.lines == Lines::kNone) return 0;
    const double thick = std::max(1.0, scene_.line_width * unit_);
    const double spacing = scene_.spacing * unit_;
    const bool row = std::fmod(y + phase_ + 100 * spacing, spacing) < thick;
    const bool column = std::fmod(x + phase_ + 100 * spacing, spacing) < thick;
    return row || (scene_.lines == Lines::kSquared && column) ? 1 : 0;
  }

  // The sides of a box around the digit.
  double FrameAt(double x, double y) const {
    if (scene_.frame == 0) return 0;
    const double half = 0.5 * scene_.frame * Size();
    const double thick = std::max(1.0, scene_.line_width * unit_);
    const double far =
        std::max(std::abs(x - left_ - 0.5 * Size()), std::abs(y - top_ - 0.5 * Size()));
    return far > half && far < half + thick ? 1 : 0;
  }

  // A row of holes, through which something dark is seen.
  double HoleAt(double x, double y) const {
    if (!scene_.holes) return 0;
    const double step = 0.07 * unit_;
    const double down = std::fmod(y + 100 * step, step) - 0.5 * step;
    return std::hypot(x - 0.05 * scene_.width, down) < 0.018 * unit_ ? 1 : 0;
  }

  // Broad traces of what was wiped off a board, and what can still be guessed of it.
  double WipedAt(double x, double y) const {
    if (scene_.residue == 0) return 0;
    const double along = (x + 0.3 * y + phase_) / unit_;
    const double across = (y - 0.3 * x) / unit_;
    const double trace = std::max(0.0, std::sin(9 * across + 2 * std::sin(3 * along)));
    const double written =
        StrokeAt(first_ + 5, x / (0.5 * unit_) - 0.2, y / (0.5 * unit_) - 0.4, 0.5 * unit_);
    return 0.5 * trace + 0.5 * written;
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
  double finger_place_ = 0;
  double glare_x_ = 0;
  double glare_y_ = 0;
};

}  // namespace

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

Pixels Expose(const Scene& scene, const data::DatasetView& data, int64_t first, Dice& dice) {
  const Canvas canvas(scene, data, first, dice);
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

}  // namespace convoy::bench
