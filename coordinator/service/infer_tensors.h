// The tensors of the Open Inference Protocol, version 2: from requests to pixels, from
// probabilities to answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/nn/network.h"
#include "inference/grpc_service.pb.h"

namespace convoy::coordinator {

// The names that the exported ONNX models have, too.
inline constexpr char kInputName[] = "input";
inline constexpr char kOutputName[] = "output";

// Returns the request's images [num_images, height, width, channels] as bytes. The one input is
// UINT8 from 0 to 255, or FP32 from 0 to 1, rounded to the 256 levels that images have.
// Thread-safe. Returns INVALID_ARGUMENT, naming the tensor, for another name, datatype, shape or
// number of bytes, values out of range, an output that there is not, raw and typed contents mixed,
// no images or more than `max_images`.
absl::StatusOr<std::vector<uint8_t>> PixelsOf(const inference::ModelInferRequest& request,
                                              const nn::Network& network, int max_images);

// Fills in the outputs: raw if the request was raw, otherwise typed.
void SetProbabilities(const inference::ModelInferRequest& request,
                      const std::vector<float>& probabilities, int num_classes,
                      inference::ModelInferResponse* response);

}  // namespace convoy::coordinator
