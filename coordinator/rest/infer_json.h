// The tensors of the REST half of the Open Inference Protocol, version 2, as JSON and as bytes
// behind it (Triton's extension "binary_tensor_data"):
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/http/message.h"
#include "coordinator/rest/bounded_json.h"
#include "inference/grpc_service.pb.h"

namespace convoy::rest {

inline constexpr char kJsonLength[] = "Inference-Header-Content-Length";

struct InferRequest {
  inference::ModelInferRequest message;  // without the model's name and version
  bool binary_output = false;
  int classes = 0;  // Triton's classification: the so many likeliest instead of all numbers
};

// Reads a body of JSON, followed by bytes of inputs where `json_bytes` says how long the JSON is.
// Returns INVALID_ARGUMENT, naming the field.
absl::StatusOr<InferRequest> ReadInfer(const std::string& body, std::optional<size_t> json_bytes);

http::Response WriteInfer(const inference::ModelInferResponse& message,
                          const InferRequest& request);

// Adds the numbers of nested lists to `input`'s contents, row-major. Returns INVALID_ARGUMENT for
// what is not a number, or not one of the input's datatype.
absl::Status AddNumbers(const Json& data, inference::ModelInferRequest::InferInputTensor* input);

// The numbers of an FP32 output, however it was sent.
std::vector<float> NumbersOf(const inference::ModelInferResponse& message, int output);

}  // namespace convoy::rest
