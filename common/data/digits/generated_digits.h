// Handwritten digits that the trainer draws itself where no MNIST is at hand: 28 x 28 grey images
// in MNIST's manner (docs/generated_digits.md).
//
// Image `index` is a pure function of (seed, split, index), on every CPU and at any number of
// threads: any part of a set can be drawn by any thread in any order. Of every ten images, from a
// multiple of ten on, each digit is one, in an order that is drawn as well: the classes are
// balanced and shuffled.
#pragma once

#include <cstdint>

#include "common/base/label.h"
#include "common/data/digits/pen_raster.h"

namespace convoy::data {

// The splits that the trainer uses; they share no image.
inline constexpr uint32_t kGeneratedTrainSplit = 0;
inline constexpr uint32_t kGeneratedTestSplit = 1;

// Draws image `index` of (seed, split) into pixels [28, 28], 0 black and 255 white ink, and its
// class into *label. Thread-safe.
void DrawDigit(uint64_t seed, uint32_t split, uint32_t index, uint8_t* pixels, Label* label);

// Draws the first `count` images of (seed, split) into pixels [count, 28, 28] and labels [count],
// on `num_threads` threads of its own. The bytes do not depend on num_threads. REQUIRES: 0 <= count
// < 2^32, num_threads >= 1.
void GenerateDigits(uint64_t seed, uint32_t split, int64_t count, int num_threads, uint8_t* pixels,
                    Label* labels);

}  // namespace convoy::data
