// Tables of images, a line an image, as Kaggle has them: a label and all its pixels.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/files/file_tree.h"

namespace convoy::data {

// Whether the tree holds .csv files (or .csv.gz) whose first line can be that of such a table.
bool HoldsTables(const FileTree& tree);

// Loads the table with "train" in its name, or the only one, and that with "test", each with or
// without a first line of names. The label is the column of that name, otherwise the first; the
// rest are the pixels of square images, grey, or red, green and blue one after another. Where
// there is no table for tests, or it has no labels (as in Kaggle's competitions), every fifth image
// is held out.
//
// Errors name file and line: INVALID_ARGUMENT for what is no such number or another number of them,
// NOT_FOUND if there is no table to train on.
absl::StatusOr<DataSource> LoadTables(const FileTree& tree);

}  // namespace convoy::data
