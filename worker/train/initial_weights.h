// Training that begins with given weights, such as those of a model imported from Keras, instead of
// those that the seed draws.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"
#include "common/nn/model_spec.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::train {

// Reads the model or checkpoint at `path` and sets in `*asked` what is not asked for otherwise:
// the network, the optimizer's settings (unless another optimizer is asked for) and the digest of
// the weights. Returns INVALID_ARGUMENT if `*asked` wants weights of another digest; errors of
// formats::ReadModel. All name the flag.
absl::StatusOr<formats::ModelFile> ReadInitialWeights(const std::string& path, v1::Recipe* asked);

// Returns all weights one after another, in the network's order. Returns INVALID_ARGUMENT, naming
// flag and tensor, if the model's tensors are not those of the network.
absl::StatusOr<std::vector<float>> WeightsFor(const nn::ModelSpec& spec,
                                              const formats::ModelFile& model);

}  // namespace convoy::train
