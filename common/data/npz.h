// Arrays of numpy in an .npz file, as Keras keeps mnist.npz and MedMNIST its sets.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {

// Whether the tree is that of an .npz file: arrays, and nothing else.
bool HoldsArrays(const FileTree& tree);

// Loads images x_train, x_test and labels y_train, y_test, also called train_images, train_labels
// and so on; val_images and val_labels, if there are any, are for validation. Images are [count,
// height, width] or [count, height, width, channels]: whole numbers from 0 to 255 of any type, or
// numbers from 0 to 1, of which a note tells. Labels are whole numbers of any type, [count] or
// [count, 1], or a 1 among zeros [count, classes].
//
// Errors name the array: NOT_FOUND if one is missing, INVALID_ARGUMENT if it is of another type,
// shape or range or is no array, DATA_LOSS if it is cut short.
absl::StatusOr<DataSource> LoadArrays(const FileTree& tree);

}  // namespace convoy::data
