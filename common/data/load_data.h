// The images that --data asks for, wherever they come from.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"

namespace convoy::data {

// Loads the directory that FindDataDirectory chooses for `flag` (the value of --data, empty where
// it was not given), or draws MNIST's number of generated digits, on all usable cores. Errors as
// LoadIdxDirectory.
absl::StatusOr<DataSource> LoadData(const std::string& flag);

}  // namespace convoy::data
