// Three ways to the probabilities of images, for comparison: Convoy's own kernels, the reference
// network, and an ONNX file's graph.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// All return [count, classes] and INVALID_ARGUMENT if `images` are not of the network's size or,
// for a model file, as NetworkOfModel.

// As training and serving compute them.
absl::StatusOr<std::vector<double>> ConvoyProbabilities(const formats::ModelFile& model,
                                                        const data::DatasetView& images);

// By plain loops in double precision.
absl::StatusOr<std::vector<double>> ReferenceProbabilities(const formats::ModelFile& model,
                                                           const data::DatasetView& images);

// By the graph in the bytes of an ONNX file. Errors also as RunOnnx.
absl::StatusOr<std::vector<double>> OnnxProbabilities(const std::string& bytes,
                                                      const data::DatasetView& images);

}  // namespace convoy::exports
