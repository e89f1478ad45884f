// Brings a picture of a digit to the form of MNIST's images, in the steps of its makers (LeCun,
// Cortes, Burges): the ink is found (ink.cc), specks and the page's rim removed (strokes.cc), what
// is on a sheet askew turned upright (tilt.cc), thin strokes widened, the box scaled to 20 of 28
// pixels with its aspect ratio kept, and the centre of mass moved into the middle. A picture that
// is in this form already is left as it is, because resampling would only blur it.
#include "common/images/digit.h"
#include "common/base/text_error.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/images/ground.h"
#include "common/images/ink.h"
#include "common/images/strokes.h"
#include "common/images/tilt.h"

namespace convoy::images {
namespace {

// The larger side of a picture in which the digit is looked for; larger ones are made smaller.
constexpr int kMaxWorkingSide = 384;
// Of MNIST's images: the larger side of the digit's box over the image's side.
constexpr double kBoxShare = 20.0 / 28;
// Strokes narrower than the first, in pixels of the prepared image, are made as wide as the second:
// most of MNIST's are about two pixels wide.
constexpr double kThinStroke = 1.2;
constexpr double kUsualStroke = 2.0;
// A sheet askew by less, in degrees, is as good as straight; by more than the second there is no
// telling which of its sides is below.
constexpr double kStraight = 2;
constexpr double kMostTilt = 40;
// What is darker than this is background in an image that is prepared already.
constexpr float kDark = 16;
// Of a drawing: what is less dark than this on its white sheet is nothing.
constexpr float kFaintestPen = 16;

struct Point {
  double x = 0;
  double y = 0;
};

// Returns the centre of mass; pixel i covers i to i + 1.
Point CentreOfMass(const Plane& plane) {
  double mass = 0;
  Point sum;
  for (int y = 0; y < plane.height; ++y) {
    for (int x = 0; x < plane.width; ++x) {
      const double value = plane.at(x, y);
      mass += value;
      sum.x += value * (x + 0.5);
      sum.y += value * (y + 0.5);
    }
  }
  CONVOY_CHECK_GT(mass, 0);
  return {sum.x / mass, sum.y / mass};
}

int BoxSide(int height, int width) {
  return static_cast<int>(std::lround(kBoxShare * std::min(height, width)));
}

// Returns the box of what is not dark, if there is any.
std::optional<Box> BoxOfLight(const Plane& plane) {
  Plane light = plane;
  bool any = false;
  for (float& value : light.values) {
    value = value > kDark ? 1.0f : 0.0f;
    any |= value > 0;
  }
  if (!any) return std::nullopt;
  return BoxOfInk(light);
}

// Whether the plane (0 to 255) is as MNIST's images are: a digit of the box's size in the middle,
// everything else dark.
bool LooksPrepared(const Plane& plane) {
  const std::optional<Box> box = BoxOfLight(plane);
  if (!box.has_value()) return false;
  const int larger = std::max(box->width, box->height);
  const int wanted = BoxSide(plane.height, plane.width);
  if (larger < wanted - 1 || larger > wanted) return false;
  constexpr double kTolerance = 1.5;
  const Point mass = CentreOfMass(plane);
  return std::abs(mass.x - 0.5 * plane.width) <= kTolerance &&
         std::abs(mass.y - 0.5 * plane.height) <= kTolerance;
}

std::vector<uint8_t> ToBytes(const Plane& plane, float scale) {
  std::vector<uint8_t> bytes;
  bytes.reserve(plane.values.size());
  for (const float value : plane.values) {
    bytes.push_back(static_cast<uint8_t>(std::clamp(scale * value, 0.0f, 255.0f) + 0.5f));
  }
  return bytes;
}

std::optional<PreparedDigit> AsItIs(const GreyImage& picture, int height, int width) {
  if (picture.width != width || picture.height != height) return std::nullopt;
  Plane plane = ToPlane(picture);
  for (const bool inverted : {false, true}) {
    if (inverted) {
      for (float& value : plane.values) value = 255 - value;
    }
    if (!LooksPrepared(plane)) continue;
    return PreparedDigit{.pixels = ToBytes(plane, 1),
                         .preparation = {.unchanged = true, .inverted = inverted}};
  }
  return std::nullopt;
}

// Returns the picture no larger than the digit is looked for in.
Plane WorkingPlane(const GreyImage& picture) {
  const int larger = std::max(picture.width, picture.height);
  if (larger <= kMaxWorkingSide) return ToPlane(picture);
  const double scale = static_cast<double>(kMaxWorkingSide) / larger;
  const auto scaled = [scale](int size) {
    return std::max(1, static_cast<int>(std::lround(scale * size)));
  };
  return Resample(picture, {.width = picture.width, .height = picture.height},
                  scaled(picture.width), scaled(picture.height));
}

// Returns a box of the working plane in pixels of the picture.
Box InPicture(const Box& box, const Plane& working, const GreyImage& picture) {
  const auto scaled = [](int position, int to, int from) {
    return static_cast<int>(int64_t{position} * to / from);
  };
  Box result{.x = scaled(box.x, picture.width, working.width),
             .y = scaled(box.y, picture.height, working.height)};
  result.width = scaled(box.x + box.width, picture.width, working.width) - result.x;
  result.height = scaled(box.y + box.height, picture.height, working.height) - result.y;
  return result;
}

// A digit, and how far the plane was turned for it.
struct Upright {
  Ink ink;
  double turned = 0;  // degrees, clockwise
};

bool IsAskew(const std::optional<double>& tilt) {
  return tilt.has_value() && std::abs(*tilt) >= kStraight;
}

absl::StatusOr<Upright> FindTurned(const Plane& working, double tilt) {
  if (std::abs(tilt) > kMostTilt) {
    return TextError(
        absl::StatusCode::kInvalidArgument,
        "shows a sheet that lies askew by $0 degrees; turn the picture until the digit is upright",
        std::lround(std::abs(tilt)));
  }
  const Plane beside = BesideTurned(working, -tilt);
  CONVOY_ASSIGN_OR_RETURN(Ink ink, FindDigit(Turned(working, -tilt), &beside));
  return Upright{std::move(ink), -tilt};
}

// Finds the digit, on a sheet askew after turning that upright: what is askew is harder to find,
// and harder to read. Only when the digit is known can its own lines be told from the sheet's, and
// the sheet's from the desk's, so the tilt is looked at again then.
absl::StatusOr<Upright> FindUpright(const Plane& working) {
  const absl::StatusOr<Ink> first = FindDigit(working);
  std::optional<double> tilt = TiltOfSheet(working, nullptr);
  if (first.ok() && tilt.has_value()) {
    const std::optional<double> outside = TiltOfSheet(working, &first->strength);
    // Two slanting strokes of the digit may be all the lines that there are.
    const bool own = std::abs(*tilt) > kMostTilt && !outside.has_value();
    if (!IsAskew(tilt) || own) tilt = outside;
  }
  if (IsAskew(tilt)) {
    CONVOY_ASSIGN_OR_RETURN(Upright found, FindTurned(working, *tilt));
    const Plane beside = BesideTurned(working, found.turned);
    const auto left = TiltOfSheet(Turned(working, found.turned), &found.ink.strength, &beside);
    if (IsAskew(left)) return FindTurned(working, *tilt + *left);
    if (left.has_value()) return found;
  }
  if (!first.ok()) return first.status();
  return Upright{*first};
}

// Where a size of `scaled` begins along an axis of `size`, so that the digit's centre of mass,
// `mass` from the beginning, falls into the pixel after the middle, as in every image of MNIST; but
// within the image.
int Placement(int size, int scaled, double mass) {
  return std::clamp(size / 2 - static_cast<int>(std::floor(mass)), 0, size - scaled);
}

void ThickenIfThin(double scale, Plane* strength, Preparation* preparation) {
  const double stroke = StrokeWidth(*strength);
  if (stroke * scale >= kThinStroke) return;
  const int radius = static_cast<int>(std::lround(0.5 * (kUsualStroke / scale - stroke)));
  if (radius < 1) return;
  *strength = Largest(*strength, radius);
  preparation->thickened = true;
}

// Returns the digit in `box`, its larger side as large as the network expects.
Plane FitIntoBox(const Plane& strength, const Box& box, int side) {
  const int larger = std::max(box.width, box.height);
  const auto scaled = [&](int size) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(size) * side / larger)));
  };
  return Resample(strength, box, scaled(box.width), scaled(box.height));
}

// Returns an image [height, width] with the fitted digit's centre of mass in the middle.
std::vector<uint8_t> InTheMiddle(const Plane& fitted, int height, int width,
                                 Preparation* preparation) {
  const Point mass = CentreOfMass(fitted);
  const int x0 = Placement(width, fitted.width, mass.x);
  const int y0 = Placement(height, fitted.height, mass.y);
  Plane result{width, height, std::vector<float>(static_cast<size_t>(width) * height)};
  for (int y = 0; y < fitted.height; ++y) {
    for (int x = 0; x < fitted.width; ++x) result.at(x0 + x, y0 + y) = fitted.at(x, y);
  }
  preparation->scaled_width = fitted.width;
  preparation->scaled_height = fitted.height;
  preparation->shift_x = x0 - (width - fitted.width) / 2;
  preparation->shift_y = y0 - (height - fitted.height) / 2;
  return ToBytes(result, 255 / *std::max_element(fitted.values.begin(), fitted.values.end()));
}

// Returns what was drawn on a white sheet, the darkest as 1.
absl::StatusOr<Ink> AllInk(Plane sheet) {
  for (float& value : sheet.values) value = 255 - value;
  const float strongest = *std::max_element(sheet.values.begin(), sheet.values.end());
  if (strongest < kFaintestPen) {
    return InvalidArgumentTextError("nothing is drawn; draw the digit dark on a white sheet");
  }
  for (float& value : sheet.values) value /= strongest;
  return Ink{.strength = std::move(sheet), .dark = true};
}

// Brings the ink that was found in `working`, the picture made smaller, to the form of MNIST's.
PreparedDigit FromInk(Upright found, const Plane& working, const GreyImage& picture, int height,
                      int width) {
  Plane& strength = found.ink.strength;
  Preparation preparation{.inverted = found.ink.dark,
                          .turned = static_cast<int>(std::lround(found.turned))};
  const Box box = BoxOfInk(strength);
  preparation.box =
      InPicture(BeforeTurning(box, found.turned, strength, working), working, picture);
  const int side = BoxSide(height, width);
  ThickenIfThin(static_cast<double>(side) / std::max(box.width, box.height), &strength,
                &preparation);
  const Plane fitted = FitIntoBox(strength, BoxOfInk(strength), side);
  std::vector<uint8_t> pixels = InTheMiddle(fitted, height, width, &preparation);
  return PreparedDigit{.pixels = std::move(pixels), .preparation = preparation};
}

void CheckSides(const GreyImage& picture, int height, int width) {
  CONVOY_CHECK(height >= kMinPreparedSide && width >= kMinPreparedSide);
  CONVOY_CHECK(picture.width >= 1 && picture.height >= 1);
}

}  // namespace

absl::StatusOr<PreparedDigit> PrepareDigit(const GreyImage& picture, int height, int width,
                                           IfPrepared if_prepared) {
  CheckSides(picture, height, width);
  if (if_prepared == IfPrepared::kLeave) {
    if (auto digit = AsItIs(picture, height, width)) return *std::move(digit);
  }
  const Plane working = WorkingPlane(picture);
  CONVOY_ASSIGN_OR_RETURN(Upright found, FindUpright(working));
  return FromInk(std::move(found), working, picture, height, width);
}

absl::StatusOr<PreparedDigit> PrepareDrawing(const GreyImage& drawing, int height, int width) {
  CheckSides(drawing, height, width);
  const Plane working = WorkingPlane(drawing);
  CONVOY_ASSIGN_OR_RETURN(Ink ink, AllInk(working));
  return FromInk({.ink = std::move(ink)}, working, drawing, height, width);
}

bool AreCentredDigits(const uint8_t* pixels, int64_t count, int height, int width) {
  if (std::min(height, width) < kMinPreparedSide) return false;
  constexpr int64_t kLookedAt = 1000;
  constexpr double kShare = 0.9;
  const int64_t looked_at = std::min(count, kLookedAt);
  const int64_t bytes = int64_t{height} * width;
  int64_t prepared = 0;
  for (int64_t i = 0; i < looked_at; ++i) {
    const uint8_t* image = pixels + i * count / looked_at * bytes;
    prepared += LooksPrepared(ToPlane({width, height, {image, image + bytes}}));
  }
  return looked_at > 0 && static_cast<double>(prepared) >= kShare * static_cast<double>(looked_at);
}

std::string Preparation::InWords() const {
  if (unchanged) {
    return inverted ? "made light on dark; it looked prepared otherwise"
                    : "left as it is: it looked prepared already";
  }
  std::vector<std::string> done;
  if (inverted) done.emplace_back("made light on dark");
  done.push_back(
      absl::StrFormat("cut out %d x %d pixels at (%d, %d)", box.width, box.height, box.x, box.y));
  if (turned != 0) {
    done.push_back(absl::StrFormat("turned by %+d degrees, as its sheet lies askew", turned));
  }
  if (thickened) done.emplace_back("made its thin strokes wider");
  done.push_back(absl::StrFormat("scaled to %d x %d", scaled_width, scaled_height));
  if (shift_x != 0 || shift_y != 0) {
    done.push_back(absl::StrFormat("moved by (%+d, %+d) to centre its mass", shift_x, shift_y));
  }
  return absl::StrJoin(done, "; ");
}

}  // namespace convoy::images
