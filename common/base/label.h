// What images are told apart as: classes, counted from 0. The one place that says how many there
// may be, for data sets and networks alike, and how wide a label is.
#pragma once

#include <cstdint>
#include <limits>

namespace convoy {

// The class of an image.
using Label = uint16_t;

// The most classes that a data set may have and a network may tell apart: those of ImageNet.
inline constexpr int kMaxClasses = 1000;

// Of more classes than these people are shown a part at a time, such as those most often mixed up:
// nobody reads a table of a thousand rows. The page has the number again (MOST_CLASSES).
inline constexpr int kMostClassesShown = 100;

// So many classes have labels that fit a byte each, which is then how files have them.
inline constexpr int kMaxClassesOfBytes = 256;

static_assert(kMaxClasses <= std::numeric_limits<Label>::max());

}  // namespace convoy
