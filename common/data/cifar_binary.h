// CIFAR-10 and CIFAR-100 in their "binary version". Source: Krizhevsky, "Learning Multiple Layers
// of Features from Tiny Images" (2009), and the description on his page of the data sets.
#pragma once

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {

// Whether the batches of one of the two are in the tree.
bool HoldsCifarBatches(const FileTree& tree);

// Loads data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train.bin and test.bin: records
// of 1 or 2 bytes of labels, of which the last (the fine one) counts, and 32 x 32 pixels in planes
// of red, green and blue. The classes' names are those of the text file beside them.
//
// Errors name the file: NOT_FOUND if a batch is missing, DATA_LOSS if a file is no whole number of
// records, INVALID_ARGUMENT for a label beyond the classes.
absl::StatusOr<DataSource> LoadCifarBatches(const FileTree& tree);

}  // namespace convoy::data
