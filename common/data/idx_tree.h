// The four IDX files of a data set somewhere in a folder or archive, under the names that people
// have them by.
#pragma once

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {

// Whether any file is called as one of the four.
bool HoldsIdxFiles(const FileTree& tree);

// Loads the four files of the tree, with or without .gz: MNIST's names with any separators; with a
// prefix (emnist-letters-train-images-idx3-ubyte); "test" for "t10k"; QMNIST's idx2-int labels; in
// a folder called as the file itself, or all below folders (torchvision's MNIST/raw). If there are
// several sets, that of `prefix`, or the only one that is nearest to the root. The class names are
// those of a file PREFIX-mapping.txt (EMNIST), if there is one.
//
// Errors name the file: NOT_FOUND if one of the four is missing, INVALID_ARGUMENT if there are
// several sets, or they contradict one another; and what ParseIdxImages returns.
absl::StatusOr<DataSource> LoadIdxTree(const FileTree& tree, const std::string& prefix = "");

}  // namespace convoy::data
