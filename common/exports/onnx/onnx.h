// ONNX files, which ONNX Runtime and many others run. docs/exports.md tells what is in them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// Returns the bytes of an ONNX model, the same for the same content: input float [N, height, width,
// channels] with values from 0 to 1, named "LAYER_input" after the first layer as in Keras, and
// output float [N, classes], the probabilities, named after the last layer. N is open. Returns
// INVALID_ARGUMENT as NetworkOfModel does, or if the file would exceed protobuf's 2 GiB.
absl::StatusOr<std::string> EncodeOnnx(const formats::ModelFile& model);

// Writes `path` atomically and durably. Errors: those of EncodeOnnx and the file system.
absl::Status WriteOnnx(const std::string& path, const formats::ModelFile& model);

}  // namespace convoy::exports
