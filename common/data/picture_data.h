// A data set of picture files in a folder a class.
#pragma once

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/files/file_tree.h"
#include "common/data/load_options.h"

namespace convoy::data {

// Decodes the pictures of `tree`, which ArrangeClassFolders arranges. The same files and options
// give the same images in the same order, on any machine and any number of threads.
//
// Every error is one line that names the file; of several bad pictures the first by name counts.
// Returns what ArrangeClassFolders and images::DecodePicture return; INVALID_ARGUMENT if pictures
// are of different sizes, or too large, and no size is given; RESOURCE_EXHAUSTED if the images need
// more memory than this computer has.
absl::StatusOr<DataSource> LoadPictures(const FileTree& tree, const LoadOptions& options);

}  // namespace convoy::data
