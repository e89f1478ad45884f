// The images that --data asks for, wherever they come from.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/data/load_options.h"

namespace convoy::data {

// Loads what FindDataDirectory chooses for `flag` (the value of --data, empty where it was not
// given), or draws MNIST's number of generated digits, on all usable cores. What lies there is
// recognised: the four IDX files under any of their names, CIFAR's batches, arrays of numpy,
// tables, pictures in a folder a class, or one archive of any; a path may name the archive, the
// table or the beginning of the IDX files' names.
//
// Every error is one line that names the file and ends with what to do: those of LoadIdxDirectory,
// LoadIdxTree, LoadCifarBatches, LoadArrays, LoadTables, LoadPictures, OpenDirectory and
// OpenArchive.
absl::StatusOr<DataSource> LoadData(const std::string& flag, const LoadOptions& options = {});

}  // namespace convoy::data
