#include "common/data/digits/generated_digits.h"

#include <array>
#include <limits>
#include <utility>

#include "common/base/check.h"
#include "common/base/exact_random.h"
#include "common/base/random.h"
#include "common/base/thread_team.h"
#include "common/data/digits/handwriting.h"

namespace convoy::data {
namespace {

constexpr uint32_t kClasses = 10;

// The third coordinate of the random sequences: what of an image, or of ten, they draw.
constexpr uint32_t kDrawImage = 0;
constexpr uint32_t kDrawLabels = 1;

// The class of `index`: its place in a random permutation of the digits that its ten images share.
Label LabelOf(uint64_t seed, uint32_t split, uint32_t index) {
  RandomSequence random(seed, RandomStream::kGeneratedDigits, split, index / kClasses, kDrawLabels);
  std::array<Label, kClasses> digits;
  for (uint32_t digit = 0; digit < kClasses; ++digit) digits[digit] = static_cast<Label>(digit);
  for (uint32_t left = kClasses; left > 1; --left) {
    std::swap(digits[left - 1], digits[random.NextBelow(left)]);
  }
  return digits[index % kClasses];
}

// The thickness of strokes is spread as in MNIST, where half of them are 2.3 to 3 pixels wide and
// one in a hundred more than 4.5.
Pen DrawPen(RandomSequence& random) {
  Pen pen;
  pen.radius = 1.18 * RandomScale(random, 0.27);
  pen.blur = 0.04 * random.NextFloat();
  pen.contrast = 1 + 0.4 * random.NextFloat();
  return pen;
}

}  // namespace

void DrawDigit(uint64_t seed, uint32_t split, uint32_t index, uint8_t* pixels, Label* label) {
  RandomSequence random(seed, RandomStream::kGeneratedDigits, split, index, kDrawImage);
  *label = LabelOf(seed, split, index);
  const Pen pen = DrawPen(random);
  DrawPaths(WriteDigit(*label, random), pen, pixels);
}

void GenerateDigits(uint64_t seed, uint32_t split, int64_t count, int num_threads, uint8_t* pixels,
                    Label* labels) {
  CONVOY_CHECK_GE(count, 0);
  CONVOY_CHECK_LE(count, int64_t{std::numeric_limits<uint32_t>::max()});
  ThreadTeam team(num_threads);
  team.Run([&](int thread) {
    for (int64_t index = thread; index < count; index += num_threads) {
      DrawDigit(seed, split, static_cast<uint32_t>(index), pixels + index * kDigitPixels,
                labels + index);
    }
  });
}

}  // namespace convoy::data
