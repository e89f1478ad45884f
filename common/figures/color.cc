#include "common/figures/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace convoy::figures {
namespace {

constexpr Color Rgb(int code) {
  return {(code >> 16 & 255) / 255.0, (code >> 8 & 255) / 255.0, (code & 255) / 255.0};
}

template <size_t kPoints>
Color Interpolate(const std::array<Color, kPoints>& points, double value) {
  const double place = std::clamp(value, 0.0, 1.0) * static_cast<double>(kPoints - 1);
  const size_t below = std::min(static_cast<size_t>(place), kPoints - 2);
  const double part = place - static_cast<double>(below);
  const Color& a = points[below];
  const Color& b = points[below + 1];
  return {a.red + part * (b.red - a.red), a.green + part * (b.green - a.green),
          a.blue + part * (b.blue - a.blue)};
}

// The brightness that the eye sees (ITU-R BT.709's weights, on linear light).
double Luminance(const Color& color) {
  const auto linear = [](double part) { return std::pow(part, 2.2); };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

}  // namespace

Color Blues(double value) {
  static constexpr std::array kPoints = {Rgb(0xffffff), Rgb(0xdeebf7), Rgb(0xc6dbef),
                                         Rgb(0x9ecae1), Rgb(0x6baed6), Rgb(0x4292c6),
                                         Rgb(0x2171b5), Rgb(0x08519c), Rgb(0x08306b)};
  return Interpolate(kPoints, value);
}

Color Viridis(double value) {
  static constexpr std::array kPoints = {Rgb(0x440154), Rgb(0x482475), Rgb(0x414487), Rgb(0x355f8d),
                                         Rgb(0x2a788e), Rgb(0x21918c), Rgb(0x22a884), Rgb(0x44bf70),
                                         Rgb(0x7ad151), Rgb(0xbddf26), Rgb(0xfde725)};
  return Interpolate(kPoints, value);
}

Color BlueOrange(double value) {
  static constexpr std::array kPoints = {Rgb(0x053061), Rgb(0x2166ac), Rgb(0x67a9cf),
                                         Rgb(0xd1e5f0), Rgb(0xf7f7f7), Rgb(0xfee0b6),
                                         Rgb(0xf1a340), Rgb(0xb35806), Rgb(0x7f3b08)};
  return Interpolate(kPoints, value);
}

Color InkOn(const Color& background) { return Luminance(background) > 0.35 ? kInk : kWhite; }

}  // namespace convoy::figures
