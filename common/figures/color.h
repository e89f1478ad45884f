// The colours of all figures, told apart by colour-blind readers too.
#pragma once

#include <cstdint>

namespace convoy::figures {

// sRGB, each part from 0 to 1.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
};

inline constexpr Color kWhite{1, 1, 1};
inline constexpr Color kInk{0.13, 0.13, 0.13};
inline constexpr Color kFaintInk{0.38, 0.38, 0.38};
inline constexpr Color kGridLine{0.88, 0.88, 0.88};

// Lines and marks. Source: Okabe, Ito, "Color Universal Design", 2008.
inline constexpr Color kBlue{0, 114 / 255.0, 178 / 255.0};
inline constexpr Color kVermilion{213 / 255.0, 94 / 255.0, 0};
inline constexpr Color kGreen{0, 158 / 255.0, 115 / 255.0};
inline constexpr Color kPurple{204 / 255.0, 121 / 255.0, 167 / 255.0};
inline constexpr Color kOrange{230 / 255.0, 159 / 255.0, 0};
inline constexpr Color kSky{86 / 255.0, 180 / 255.0, 233 / 255.0};
inline constexpr Color kBrown{120 / 255.0, 80 / 255.0, 40 / 255.0};
inline constexpr Color kBlack{0, 0, 0};

// A map from [0, 1] to colours; what lies outside gets the colour of the nearer end.
using ColorMap = Color (*)(double value);

// From white to dark blue, as the notebook's counts: ColorBrewer's "Blues".
Color Blues(double value);

// From dark violet over green to yellow, as the notebook's feature maps. Source: Smith, van der
// Walt, "viridis" of Matplotlib, at eleven points with straight lines between.
Color Viridis(double value);

// From blue over white (at 0.5) to orange: values with a sign. ColorBrewer's "PuOr", its violet
// replaced by blue.
Color BlueOrange(double value);

// Returns black or white, whichever is easier to read on `background`.
Color InkOn(const Color& background);

}  // namespace convoy::figures
