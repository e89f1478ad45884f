// Which images of the training file are trained on and which are held out, as Keras does it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/data/range.h"

namespace convoy::data {

// Indices into the training file.
struct Split {
  Range train;
  Range validation;  // empty if nothing is held out
};

// Cuts the first `train_limit` images (0: all) of the `num_images` in the training file: the last
// part of them, `validation_split`, is held out, before any shuffling. Of n images
// floor(n * (1 - validation_split)) are trained on, computed in double precision, as Keras does
// (keras.utils: train_validation_split). A split of 0 holds out nothing.
//
// Returns INVALID_ARGUMENT, naming the flag, if the limit is negative or beyond the file, if the
// split is not in [0, 1), or if it would leave no image on either side.
//
// Where the data set says itself that its last `validation_images` are for validation, they are,
// and the split is not asked.
absl::StatusOr<Split> SplitTrainingImages(int64_t num_images, double validation_split,
                                          int64_t train_limit, int64_t validation_images = 0);

}  // namespace convoy::data
