// Maps each output pixel back to the place in the source that it shows (inverse warping) and
// interpolates there bilinearly, 0 outside the image. The field of displacements is a cubic
// B-spline over a coarse grid of random vectors. All random numbers come from Philox by (seed,
// epoch, index), so an image is the same whoever makes it.
#include "common/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/base/exact_random.h"
#include "common/base/exact_trigonometry.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::data {
namespace {

// Zeros before and behind each row and column of the padded source: what is asked for lies at most
// one pixel before the image and, with its right neighbour, two behind.
constexpr int kBefore = 1;
constexpr int kPadding = 3;

// The square root of the mean square of a cubic B-spline's weight sum in two dimensions: the
// field's deviation is this times that of the grid's vectors.
constexpr double kSplineDeviation = 0.479;

absl::Status RequireUpTo(const char* field, double value, double most, const char* unit) {
  if (value >= 0 && value <= most) return absl::OkStatus();
  return InvalidArgumentTextError("augmentation.$0: must be from 0 to $1 $2, not $3", field, most,
                                  unit, value);
}

}  // namespace

absl::Status ValidateAugmentation(const AugmentationConfig& config) {
  CONVOY_RETURN_IF_ERROR(RequireUpTo("shift", config.shift, 1000, "pixels"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("rotation", config.rotation, 180, "degrees"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("zoom", config.zoom, 0.9, "of the size"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("elastic", config.elastic, 1000, "pixels"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("random_crop", config.random_crop, 1000, "pixels"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("cutout", config.cutout, 1000, "pixels"));
  CONVOY_RETURN_IF_ERROR(RequireUpTo("brightness", config.brightness, 1, "of 255"));
  return RequireUpTo("color", config.color, 1, "of the value");
}

Augmenter::Augmenter(const AugmentationConfig& config, int height, int width, int channels)
    : config_(config),
      height_(height),
      width_(width),
      channels_(channels),
      across_(TapsOf(width)),
      down_(TapsOf(height)),
      padded_(static_cast<size_t>(height + kPadding) * static_cast<size_t>(width + kPadding) *
              static_cast<size_t>(channels)),
      row_x_(static_cast<size_t>(width)),
      row_y_(static_cast<size_t>(width)),
      warped_(static_cast<size_t>(height) * static_cast<size_t>(width) *
              static_cast<size_t>(channels)) {}

std::vector<Augmenter::Taps> Augmenter::TapsOf(int pixels) {
  std::vector<Taps> taps;
  for (int i = 0; i < pixels; ++i) {
    const double position = (i + 0.5) * kCells / pixels;
    const auto first = static_cast<size_t>(position);
    const double t = position - static_cast<double>(first);
    const double s = 1 - t;
    taps.push_back({.first = first,
                    .weight = {static_cast<float>(s * s * s / 6),
                               static_cast<float>((3 * t * t * t - 6 * t * t + 4) / 6),
                               static_cast<float>((3 * s * s * s - 6 * s * s + 4) / 6),
                               static_cast<float>(t * t * t / 6)}});
  }
  return taps;
}

void Augmenter::Apply(uint64_t seed, uint32_t epoch, uint32_t image_index, const uint8_t* src,
                      uint8_t* dst) {
  if (config_.warps() && !config_.changes_after_warp()) {
    Warp({seed, RandomStream::kAugmentation, epoch, image_index}, src, dst);
    return;
  }
  if (config_.warps()) {
    Warp({seed, RandomStream::kAugmentation, epoch, image_index}, src, warped_.data());
    src = warped_.data();
  }
  RandomSequence random(seed, RandomStream::kAugmentation, epoch, image_index, 1);
  MirrorAndMove(random, src, dst);
  if (config_.brightness > 0 || config_.color > 0) ChangeValues(random, dst);
  if (config_.cutout > 0) CutOut(random, dst);
}

void Augmenter::Warp(RandomSequence random, const uint8_t* src, uint8_t* dst) {
  const Affine map = DrawAffine(random);
  if (config_.elastic > 0) DrawField(random);
  Pad(src);
  for (int y = 0; y < height_; ++y, dst += width_ * channels_) {
    MapRow(map, y);
    SampleRow(dst);
  }
}

// What is not on is not drawn: switching on one leaves the draws of the others as they are only
// within this order.
void Augmenter::MirrorAndMove(RandomSequence& random, const uint8_t* src, uint8_t* dst) const {
  const bool mirror = config_.horizontal_flip && random.NextBelow(2) == 1;
  const auto draw = [&] {
    const auto range = static_cast<uint64_t>(2 * config_.random_crop + 1);
    return static_cast<int>(random.NextBelow(range)) - config_.random_crop;
  };
  const int down = config_.random_crop > 0 ? draw() : 0;
  const int across = config_.random_crop > 0 ? draw() : 0;
  if (!mirror && down == 0 && across == 0) {
    std::memcpy(dst, src, warped_.size());
    return;
  }
  const auto channels = static_cast<size_t>(channels_);
  for (int y = 0; y < height_; ++y) {
    const int from_y = y + down;
    for (int x = 0; x < width_; ++x, dst += channels) {
      const int from_x = mirror ? width_ - 1 - (x + across) : x + across;
      if (from_y < 0 || from_y >= height_ || from_x < 0 || from_x >= width_) {
        std::memset(dst, 0, channels);
      } else {
        std::memcpy(dst, src + (int64_t{from_y} * width_ + from_x) * channels_, channels);
      }
    }
  }
}

void Augmenter::ChangeValues(RandomSequence& random, uint8_t* image) const {
  constexpr int kValues = 256;
  const double added = 255 * Uniform(random, -config_.brightness, config_.brightness);
  for (int c = 0; c < channels_; ++c) {
    const double factor = Uniform(random, 1 - config_.color, 1 + config_.color);
    std::array<uint8_t, kValues> changed{};
    for (size_t value = 0; value < kValues; ++value) {
      const double exact = static_cast<double>(value) * factor + added;
      changed[value] = static_cast<uint8_t>(std::clamp(exact, 0.0, 255.0) + 0.5);
    }
    for (size_t i = static_cast<size_t>(c); i < warped_.size();
         i += static_cast<size_t>(channels_)) {
      image[i] = changed[image[i]];
    }
  }
}

// The square's middle lies anywhere in the image, so a part of it may lie outside.
void Augmenter::CutOut(RandomSequence& random, uint8_t* image) const {
  const int top =
      static_cast<int>(random.NextBelow(static_cast<uint64_t>(height_))) - config_.cutout / 2;
  const int left =
      static_cast<int>(random.NextBelow(static_cast<uint64_t>(width_))) - config_.cutout / 2;
  const int begin = std::max(left, 0);
  const int end = std::min(left + config_.cutout, width_);
  for (int y = std::max(top, 0); y < std::min(top + config_.cutout, height_); ++y) {
    std::memset(image + (int64_t{y} * width_ + begin) * channels_, 0,
                static_cast<size_t>((end - begin) * channels_));
  }
}

// The map goes from the output to the source, so a stretched image divides by the factors.
Augmenter::Affine Augmenter::DrawAffine(RandomSequence& random) const {
  const double shift_x = Uniform(random, -config_.shift, config_.shift);
  const double shift_y = Uniform(random, -config_.shift, config_.shift);
  const double half_turns = Uniform(random, -config_.rotation, config_.rotation) / 180;
  const double zoom_x = 1 / Uniform(random, 1 - config_.zoom, 1 + config_.zoom);
  const double zoom_y = 1 / Uniform(random, 1 - config_.zoom, 1 + config_.zoom);
  const double cosine = CosineOfHalfTurns(half_turns);
  const double half_sine = SineOfHalfTurns(half_turns / 2);
  const double sine = 2 * half_sine * CosineOfHalfTurns(half_turns / 2);
  const double xx = zoom_x * cosine;
  const double xy = zoom_x * sine;
  const double yx = -zoom_y * sine;
  const double yy = zoom_y * cosine;
  const double centre_x = (width_ - 1) / 2.0;
  const double centre_y = (height_ - 1) / 2.0;
  return {.x = static_cast<float>(centre_x - shift_x - xx * centre_x - xy * centre_y),
          .y = static_cast<float>(centre_y - shift_y - yx * centre_x - yy * centre_y),
          .x_by_x = static_cast<float>(xx),
          .y_by_x = static_cast<float>(yx),
          .x_by_y = static_cast<float>(xy),
          .y_by_y = static_cast<float>(yy)};
}

void Augmenter::DrawField(RandomSequence& random) {
  // A uniform number from -r to r has a deviation of r / sqrt(3).
  const double range = config_.elastic / kSplineDeviation * std::sqrt(3.0);
  for (size_t line = 0; line < kLines; ++line) {
    for (float& x : field_x_[line]) x = static_cast<float>(Uniform(random, -range, range));
    for (float& y : field_y_[line]) y = static_cast<float>(Uniform(random, -range, range));
  }
}

void Augmenter::Pad(const uint8_t* src) {
  const size_t row = static_cast<size_t>(width_) * static_cast<size_t>(channels_);
  const size_t padded_row = static_cast<size_t>(width_ + kPadding) * static_cast<size_t>(channels_);
  uint8_t* dst = padded_.data() + kBefore * padded_row + kBefore * channels_;
  for (int y = 0; y < height_; ++y, src += row, dst += padded_row) std::memcpy(dst, src, row);
}

// Finds the places that row `y` of the output comes from.
void Augmenter::MapRow(const Affine& map, int y) {
  const auto at_y = static_cast<float>(y);
  for (int x = 0; x < width_; ++x) {
    const auto at_x = static_cast<float>(x);
    row_x_[static_cast<size_t>(x)] = map.x + map.x_by_x * at_x + map.x_by_y * at_y;
    row_y_[static_cast<size_t>(x)] = map.y + map.y_by_x * at_x + map.y_by_y * at_y;
  }
  if (config_.elastic == 0) return;
  // The grid's lines, as they are at this row, and then their weighted sum at each pixel.
  const Taps& down = down_[static_cast<size_t>(y)];
  GridRow across_x{};
  GridRow across_y{};
  for (size_t tap = 0; tap < kTaps; ++tap) {
    for (size_t line = 0; line < kLines; ++line) {
      across_x[line] += down.weight[tap] * field_x_[down.first + tap][line];
      across_y[line] += down.weight[tap] * field_y_[down.first + tap][line];
    }
  }
  for (size_t x = 0; x < across_.size(); ++x) {
    const Taps& taps = across_[x];
    for (size_t tap = 0; tap < kTaps; ++tap) {
      row_x_[x] += taps.weight[tap] * across_x[taps.first + tap];
      row_y_[x] += taps.weight[tap] * across_y[taps.first + tap];
    }
  }
}

void Augmenter::SampleRow(uint8_t* dst) const {
  const auto row = static_cast<ptrdiff_t>(width_ + kPadding) * channels_;
  for (int x = 0; x < width_; ++x) {
    const float px = std::clamp(row_x_[static_cast<size_t>(x)] + kBefore, 0.0f,
                                static_cast<float>(width_ + kBefore));
    const float py = std::clamp(row_y_[static_cast<size_t>(x)] + kBefore, 0.0f,
                                static_cast<float>(height_ + kBefore));
    const int left = static_cast<int>(px);
    const int top = static_cast<int>(py);
    const float right_part = px - static_cast<float>(left);
    const float lower_part = py - static_cast<float>(top);
    const uint8_t* at = padded_.data() + top * row + left * channels_;
    for (int c = 0; c < channels_; ++c) {
      const auto pixel = [at, c](ptrdiff_t offset) { return static_cast<float>(at[offset + c]); };
      const float upper = pixel(0) + right_part * (pixel(channels_) - pixel(0));
      const float lower = pixel(row) + right_part * (pixel(row + channels_) - pixel(row));
      *dst++ = static_cast<uint8_t>(upper + lower_part * (lower - upper) + 0.5f);
    }
  }
}

}  // namespace convoy::data
