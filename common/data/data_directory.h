// Finding and loading the directory with the four IDX files of a data set.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"

namespace convoy::data {

// The value of --data that asks for generated digits.
inline constexpr char kGeneratedFlag[] = "generated";

// Where the data are to come from.
struct DataChoice {
  std::string directory;  // to load; empty: draw generated digits
  std::string reason;     // for people: what named it (a prefix for Annotate), or why there is none
};

// Follows the search order: `flag` (the value of --data, empty where it was not given), then
// $CONVOY_DATA, ./data/mnist, ~/.cache/convoy/mnist. A directory that the flag or $CONVOY_DATA
// names is chosen whether it is any good or not, so that loading it fails loudly; of the other two
// the first that holds at least one of the four files. The flag "generated", or nothing named and
// nothing found, gives an empty directory. Not thread-safe: reads the environment.
DataChoice FindDataDirectory(const std::string& flag);

// Whether at least one, or all, of the four IDX files of a data set are in the directory.
bool HoldsIdxFiles(const std::string& directory);
bool HoldsAllIdxFiles(const std::string& directory);

// Loads the four files of `directory`, under MNIST's names (train-images-idx3-ubyte,
// train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; also with a dot before
// "idx"), with or without ".gz"; where both are there, the one without. There are as many classes
// as the largest training label says, at least 2. The kind is "mnist" if the content is the
// canonical one, "idx" otherwise.
//
// Every error is one line that names the file and ends with what to do. Returns NOT_FOUND if the
// directory or a file is missing; INVALID_ARGUMENT if the files contradict one another (counts,
// sizes, a test label beyond the classes); and what ReadIdxImages returns.
absl::StatusOr<DataSource> LoadIdxDirectory(const std::string& directory);

}  // namespace convoy::data
