// Looks for thin things on an even ground (ground.cc): darker ones and lighter ones, first with
// strokes as thin as usual, then with bold ones too. Each time Otsu's threshold parts ink from what
// is fainter, and what it leaves is judged: a digit is one connected piece, or a few near ones
// (candidates.cc), is no paper between other things (surroundings.cc), and has no more or wider
// strokes than a digit (strokes.cc). Where dark and light both give one, the outer one is it,
// unless it is the paper around the other: the inside of a nought looks like a stroke, too.
#include "common/images/ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/images/candidates.h"
#include "common/images/pieces.h"
#include "common/images/strokes.h"
#include "common/images/surroundings.h"
#include "common/images/tilt.h"

namespace convoy::images {
namespace {

// Widths that strokes are thinner than, over the picture's larger side, halved.
constexpr double kRadii[] = {0.1, 0.25};
// The least ink that counts: in deviations of the noise, and as a share of the ground.
constexpr float kOverNoise = 4;
constexpr float kFaintest = 0.05f;
// The least difference in brightness between ink and background, out of 255, and as a share of the
// difference between the grounds of the picture: less is the grain of a desk around a sheet.
constexpr double kMinContrast = 16;
constexpr double kMinOfGrounds = 0.15;
// The smallest digit, over the picture's larger side.
constexpr double kSmallest = 0.04;
// What has less of the contrast of another thing is much fainter.
constexpr double kFainter = 0.5;
// How far a digit's outline may run along a line of the picture, over the larger side of its box.
constexpr double kMostAlongLine = 0.35;
// Below the first share of the ink's usual strength a pixel is background, above the second it is
// all ink.
constexpr float kInkBegins = 0.2f;
constexpr float kInkIsFull = 0.9f;

// How much of what is beside strokes may be as strong as they are: more is cut off by a ground that
// was looked for in too narrow windows.
constexpr double kMostCut = 0.04;

// What a look at a picture shows.
enum class Kind { kNothing, kNoStrokes, kSeveral, kDigit };

struct Sight {
  Kind kind = Kind::kNothing;
  absl::Status refusal;
  std::vector<Box> things;  // that were taken for ink
  double contrast = 0;      // out of 255
  double level = 0;         // the ink's brightness
  double ground = 0;        // that of what it stands on
  double thickness = 0;     // strokes.h
  double doubt = 0;         // how much speaks for its being the ground of other ink
  bool is_cut = false;      // the ink goes on in what was taken for ground
  Ink ink;
};

// Returns the value that parts those above `floor` into two groups with the largest variance
// between them, floor if there are none. Source: Otsu, "A threshold selection method from
// gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9 (1979).
float OtsuThreshold(const std::vector<float>& values, float floor) {
  constexpr size_t kLevels = 256;
  const float top = *std::max_element(values.begin(), values.end());
  if (top <= floor) return floor;
  const float step = (top - floor) / kLevels;
  std::array<double, kLevels> counts{};
  double total = 0;
  double sum = 0;
  for (const float value : values) {
    if (value <= floor) continue;
    const size_t level = std::min(static_cast<size_t>((value - floor) / step), kLevels - 1);
    ++counts[level];
    ++total;
    sum += static_cast<double>(level);
  }
  double below = 0;
  double sum_below = 0;
  double best_variance = -1;
  size_t best = 0;
  for (size_t level = 0; level + 1 < kLevels; ++level) {
    below += counts[level];
    sum_below += static_cast<double>(level) * counts[level];
    if (below == 0 || below == total) continue;
    const double difference = sum_below / below - (sum - sum_below) / (total - below);
    const double variance = below * (total - below) * difference * difference;
    if (variance > best_variance) {
      best_variance = variance;
      best = level;
    }
  }
  return floor + step * static_cast<float>(best + 1);
}

// The strength of the ink where `mask` is set, and of its weaker fringe.
Plane Strength(const Plane& ink, const Plane& mask, double level) {
  const Plane belongs = Largest(mask, 1);
  Plane strength = ink;
  for (size_t i = 0; i < strength.values.size(); ++i) {
    const float share =
        (ink.values[i] / static_cast<float>(level) - kInkBegins) / (kInkIsFull - kInkBegins);
    strength.values[i] = belongs.values[i] == 0 ? 0 : std::clamp(share, 0.0f, 1.0f);
  }
  return strength;
}

absl::Status NoEdges() {
  return TextError(absl::StatusCode::kInvalidArgument,
                   "shows the edge of a sheet or a shadow where strokes are expected; cut the "
                   "picture to the digit and the paper around it");
}

// Returns why what is in `mask` is no digit, if it is none.
absl::Status CheckIsDigit(const Plane& picture, const Plane* beside, const Plane& mask) {
  CONVOY_RETURN_IF_ERROR(CheckIsStrokesOfADigit(mask));
  if (RunAlongLine(picture, mask, beside) <= kMostAlongLine) return absl::OkStatus();
  return NoEdges();
}

// Returns the mean where `mask` is set.
double MeanWithin(const Plane& plane, const Plane& mask) {
  double sum = 0;
  double count = 0;
  for (size_t i = 0; i < mask.values.size(); ++i) {
    sum += static_cast<double>(mask.values[i]) * plane.values[i];
    count += mask.values[i];
  }
  return sum / count;
}

// Returns the mean of the values above `threshold` where `mask` is set.
double MeanAbove(const Plane& ink, const Plane& mask, float threshold) {
  double sum = 0;
  double count = 0;
  for (size_t i = 0; i < mask.values.size(); ++i) {
    if (mask.values[i] == 0 || ink.values[i] <= threshold) continue;
    sum += ink.values[i];
    ++count;
  }
  return count == 0 ? threshold : sum / count;
}

Sight Judge(const Plane& picture, const Plane* beside, const Flattened& flat,
            const Flattened& other, const Plane& calm, float threshold) {
  const Pieces pieces(calm, flat, threshold);
  std::vector<uint8_t> may = Candidates(pieces, beside);
  const std::vector<uint8_t> frames = Frames(pieces, may);
  for (size_t i = 0; i < may.size(); ++i) may[i] = may[i] != 0 && frames[i] == 0;
  const int largest = LargestOf(pieces.all(), may);
  if (largest == Pieces::kNone) return {};
  const Piece& main = pieces.all()[static_cast<size_t>(largest)];
  const double smallest = kSmallest * std::max(picture.width, picture.height);
  if (LargerSide(main.box) < smallest) return {};
  bool framed = false;
  for (size_t i = 0; i < may.size(); ++i) {
    framed |= frames[i] != 0 && Contains(pieces.all()[i].box, main.box);
  }
  const std::vector<uint8_t> joined = Joined(pieces, may, largest);
  const Plane mask = pieces.Mask(joined);
  Sight sight{.kind = Kind::kDigit, .things = {BoxOfInk(mask)}};
  bool several = AreTwo(pieces.all(), joined);
  for (size_t i = 0; i < may.size(); ++i) {
    if (may[i] == 0 || joined[i] != 0 || !IsThingBeside(pieces.all()[i], main)) continue;
    several = true;
    sight.things.push_back(pieces.all()[i].box);
  }
  sight.level = MeanWithin(picture, mask);
  sight.ground = MeanWithin(flat.ground, mask);
  sight.contrast = std::abs(sight.level - sight.ground);
  sight.thickness = Thickness(mask);
  const Surroundings around = SurroundingsOf(mask, sight.level, sight.ground, flat, other);
  sight.doubt = framed ? 0 : around.thin + around.like_ink;
  sight.is_cut = around.cut > kMostCut;
  // What is between a digit and its frame is thin for a reason.
  if (!framed && IsGroundOfOther(around, flat.dark)) {
    sight.kind = Kind::kNoStrokes;
    sight.refusal = NoEdges();
  } else if (several) {
    sight.kind = Kind::kSeveral;
    sight.refusal = TextError(absl::StatusCode::kInvalidArgument,
                              "shows several things where one is expected; cut the picture to the "
                              "digit and the paper around it");
  } else if (sight.refusal = CheckIsDigit(picture, beside, mask); !sight.refusal.ok()) {
    sight.kind = Kind::kNoStrokes;
  } else {
    sight.ink.strength = Strength(flat.ink, mask, MeanAbove(flat.ink, mask, threshold));
  }
  return sight;
}

// How much the picture's lightest ground differs from its darkest, but for a fiftieth of each.
double RangeOf(std::vector<float> values) {
  const auto rest = static_cast<ptrdiff_t>(values.size() / 50);
  const auto low = values.begin() + rest;
  const auto high = values.end() - 1 - rest;
  std::nth_element(values.begin(), low, values.end());
  const float darkest = *low;
  std::nth_element(values.begin(), high, values.end());
  return *high - darkest;
}

// Looks at the picture with thresholds of half the ink's strength, which keeps strokes whole; that
// let less and less through, which leaves out lines on the paper; and of the faintest ink, as
// pencil is beside something black.
Sight Look(const Plane& picture, const Plane* beside, const Flattened& flat, const Flattened& other,
           double share) {
  const int larger = std::max(picture.width, picture.height);
  const bool dark = flat.dark;
  constexpr int kSmall = 100;  // such a picture's strokes are only some pixels wide
  const Plane calm = larger < kSmall ? flat.ink : Smooth(flat.ink);
  const float floor = std::max(kOverNoise * flat.noise, kFaintest);
  const float first = OtsuThreshold(calm.values, floor);
  const double faintest = std::max(kMinContrast, kMinOfGrounds * RangeOf(flat.ground.values));
  Sight best;
  const auto half = static_cast<float>(0.5 * MeanAbove(calm, calm, first));
  for (const float threshold :
       {std::max(half, floor), first, OtsuThreshold(calm.values, first), floor}) {
    Sight sight = Judge(picture, beside, flat, other, calm, threshold);
    if (sight.contrast < faintest || sight.kind <= best.kind) continue;
    best = std::move(sight);
    if (best.kind >= Kind::kSeveral) break;
  }
  best.ink.dark = dark;
  return best;
}

bool Counts(const Sight& sight) { return sight.kind >= Kind::kSeveral; }

// Whether each thing lies in one of the others: it is the inside of them, and no ink.
bool LieWithin(const std::vector<Box>& things, const std::vector<Box>& others) {
  return std::all_of(things.begin(), things.end(), [&](const Box& thing) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Box& other) { return Contains(other, thing); });
  });
}

// What is seen in other things is the inside of them from this doubt on.
constexpr double kDoubtful = 0.7;

// Whether what `outer` shows is paper between the digit, which `inner` shows, and the edge of its
// sheet or of a shadow: the digit is no inside of it, or it is thicker than strokes are, and than
// the digit's.
bool IsPaperAround(const Sight& outer, const Sight& inner) {
  constexpr double kThick = 0.34;
  return LieWithin(inner.things, outer.things) && inner.contrast >= kFainter * outer.contrast &&
         (inner.doubt < kDoubtful ||
          (outer.thickness > kThick && inner.thickness < outer.thickness));
}

// Whether `inner` is the inside of what `outer` shows: that is then no fainter, and what is seen
// inside is the ground around it.
bool IsInsideOf(const Sight& inner, const Sight& outer) {
  constexpr double kSameGround = 0.6;  // of the contrast; narrow insides are blurred
  return LieWithin(inner.things, outer.things) && inner.doubt >= kDoubtful &&
         outer.contrast >= kFainter * inner.contrast &&
         std::abs(inner.level - outer.ground) <= kSameGround * outer.contrast;
}

// Whether what was seen is the picture's ink rather than `other`.
bool Beats(const Sight& sight, const Sight& other) {
  if (!Counts(sight) || !Counts(other)) return sight.kind > other.kind;
  if (IsPaperAround(sight, other)) return false;
  if (IsPaperAround(other, sight)) return true;
  if (IsInsideOf(sight, other)) return false;
  if (IsInsideOf(other, sight)) return true;
  const double weaker = std::min(sight.contrast, other.contrast);
  const double stronger = std::max(sight.contrast, other.contrast);
  if (sight.kind != other.kind && weaker >= kFainter * stronger) return sight.kind > other.kind;
  return sight.contrast > other.contrast;
}

}  // namespace

absl::StatusOr<Ink> FindDigit(const Plane& picture, const Plane* beside) {
  Sight best;
  const int larger = std::max(picture.width, picture.height);
  for (const double share : kRadii) {
    if (larger < kTiny && share == kRadii[0]) continue;
    const int radius = std::max(1, static_cast<int>(std::lround(share * larger)));
    const Flattened grounds[] = {Flatten(picture, true, radius), Flatten(picture, false, radius)};
    for (const int i : {0, 1}) {
      Sight sight = Look(picture, beside, grounds[i], grounds[1 - i], share);
      if (Beats(sight, best)) best = std::move(sight);
    }
    if (Counts(best) && !best.is_cut) break;
    if (best.is_cut && share != kRadii[1]) best = {};
  }
  if (best.kind == Kind::kDigit) return std::move(best.ink);
  if (best.kind == Kind::kNothing) {
    return TextError(
        absl::StatusCode::kInvalidArgument,
        "nothing stands out from the background; draw the digit thicker or in a stronger contrast");
  }
  return best.refusal;
}

}  // namespace convoy::images
