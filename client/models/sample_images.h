// Some images for a network, to compare two ways of computing its probabilities.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/nn/network.h"

namespace convoy::client {

struct SampleImages {
  data::Dataset dataset;
  std::string where;  // for people: "of data/mnist"
};

// Returns `count` images of the network's size, or fewer where the data set has no more: test
// images of `data`, the value of --data, or of where FindDataDirectory finds some; generated digits
// where `data` says so or none are found; random pixels where what is found without --data is of
// another size. Returns INVALID_ARGUMENT if what --data names is of another size; errors of loading
// it.
absl::StatusOr<SampleImages> FindSampleImages(const std::string& data, const nn::Network& network,
                                              int64_t count);

}  // namespace convoy::client
