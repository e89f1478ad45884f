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
// and so on; val_images and val_labels, if there are any, are for validation. Images are unsigned
// bytes [count, height, width] or [count, height, width, channels], labels any whole numbers
// [count] or [count, 1].
//
// Errors name the array: NOT_FOUND if one is missing, INVALID_ARGUMENT if it is of another type or
// shape or is no array, DATA_LOSS if it is cut short. Source of the format: numpy's NEP 1.
absl::StatusOr<DataSource> LoadArrays(const FileTree& tree);

}  // namespace convoy::data
