#include "coordinator/service/infer_tensors.h"

#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

// Raw contents are little-endian, as the machines are that we run on.
static_assert(std::endian::native == std::endian::little);

namespace convoy::coordinator {
namespace {

using inference::ModelInferRequest;

constexpr char kBytes[] = "UINT8";
constexpr char kFloats[] = "FP32";

absl::Status Invalid(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("input '", kInputName, "': ", what));
}

absl::Status CheckOutputs(const ModelInferRequest& request) {
  for (const auto& output : request.outputs()) {
    if (output.name() == kOutputName) continue;
    return absl::InvalidArgumentError(absl::StrCat("outputs: there is no '", output.name(),
                                                   "'; ask for '", kOutputName, "' or for none"));
  }
  return absl::OkStatus();
}

absl::Status CheckInputs(const ModelInferRequest& request) {
  if (request.inputs_size() != 1 || request.inputs(0).name() != kInputName) {
    return absl::InvalidArgumentError(absl::StrCat(
        "inputs: send one, named '", kInputName, "'; this request has ", request.inputs_size(),
        request.inputs_size() == 0 ? "" : ", the first of them '",
        request.inputs_size() == 0 ? "" : request.inputs(0).name() + "'"));
  }
  const std::string& datatype = request.inputs(0).datatype();
  if (datatype == kBytes || datatype == kFloats) return absl::OkStatus();
  return Invalid(absl::StrCat("datatype '", datatype, "' is not taken; send ", kFloats,
                              " from 0 to 1 or ", kBytes, " from 0 to 255"));
}

// Returns how many images the shape says.
absl::StatusOr<int64_t> CheckShape(const ModelInferRequest::InferInputTensor& input,
                                   const nn::Network& network, int max_images) {
  const Shape wanted = network.input_shape();
  const auto& shape = input.shape();
  bool fits = shape.size() == 4 && shape[0] >= 1;
  for (int i = 1; fits && i < 4; ++i) fits = shape[i] == wanted[static_cast<size_t>(i - 1)];
  if (!fits) {
    return Invalid(absl::StrCat("shape [", absl::StrJoin(shape, ", "), "] does not fit; send [n, ",
                                absl::StrJoin(wanted, ", "), "] for n images"));
  }
  if (shape[0] > max_images) {
    return Invalid(
        absl::StrCat(shape[0], " images are too many; send at most ", max_images, " at a time"));
  }
  return shape[0];
}

absl::StatusOr<uint8_t> ByteOf(float value, int64_t index) {
  if (value >= 0 && value <= 1) return static_cast<uint8_t>(value * 255.0f + 0.5f);
  return Invalid(absl::StrCat("value ", value, " at ", index, " is not within 0 and 1; divide by ",
                              "255 first, or send ", kBytes));
}

absl::StatusOr<std::vector<uint8_t>> FromFloats(const float* values, int64_t count) {
  std::vector<uint8_t> pixels(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    CONVOY_ASSIGN_OR_RETURN(pixels[static_cast<size_t>(i)], ByteOf(values[i], i));
  }
  return pixels;
}

absl::StatusOr<std::vector<uint8_t>> FromRaw(const ModelInferRequest& request, int64_t values) {
  if (request.raw_input_contents_size() != 1 || request.inputs(0).has_contents()) {
    return Invalid(
        "raw_input_contents must have one element an input, and then no input has contents");
  }
  const bool floats = request.inputs(0).datatype() == kFloats;
  const std::string& raw = request.raw_input_contents(0);
  const int64_t bytes = values * static_cast<int64_t>(floats ? sizeof(float) : 1);
  if (static_cast<int64_t>(raw.size()) != bytes) {
    return Invalid(absl::StrCat("raw_input_contents has ", raw.size(), " bytes; its shape and ",
                                "datatype ask for ", bytes));
  }
  if (!floats) return std::vector<uint8_t>(raw.begin(), raw.end());
  std::vector<float> aligned(static_cast<size_t>(values));
  std::memcpy(aligned.data(), raw.data(), raw.size());
  return FromFloats(aligned.data(), values);
}

absl::StatusOr<std::vector<uint8_t>> FromTyped(const ModelInferRequest::InferInputTensor& input,
                                               int64_t values) {
  const bool floats = input.datatype() == kFloats;
  const auto& contents = input.contents();
  const int64_t count = floats ? contents.fp32_contents_size() : contents.uint_contents_size();
  if (count != values) {
    return Invalid(absl::StrCat("contents.", floats ? "fp32_contents" : "uint_contents", " has ",
                                count, " values; its shape asks for ", values));
  }
  if (floats) return FromFloats(contents.fp32_contents().data(), values);
  std::vector<uint8_t> pixels;
  pixels.reserve(static_cast<size_t>(values));
  for (const uint32_t value : contents.uint_contents()) {
    if (value > 255) return Invalid(absl::StrCat("value ", value, " is not within 0 and 255"));
    pixels.push_back(static_cast<uint8_t>(value));
  }
  return pixels;
}

bool IsRaw(const ModelInferRequest& request) { return request.raw_input_contents_size() > 0; }

}  // namespace

absl::StatusOr<std::vector<uint8_t>> PixelsOf(const ModelInferRequest& request,
                                              const nn::Network& network, int max_images) {
  CONVOY_RETURN_IF_ERROR(CheckInputs(request));
  CONVOY_RETURN_IF_ERROR(CheckOutputs(request));
  CONVOY_ASSIGN_OR_RETURN(const int64_t images, CheckShape(request.inputs(0), network, max_images));
  const int64_t values = images * network.input_elems();
  return IsRaw(request) ? FromRaw(request, values) : FromTyped(request.inputs(0), values);
}

void SetProbabilities(const ModelInferRequest& request, const std::vector<float>& probabilities,
                      int num_classes, inference::ModelInferResponse* response) {
  auto* output = response->add_outputs();
  output->set_name(kOutputName);
  output->set_datatype(kFloats);
  output->add_shape(static_cast<int64_t>(probabilities.size()) / num_classes);
  output->add_shape(num_classes);
  if (IsRaw(request)) {
    response->add_raw_output_contents(probabilities.data(), probabilities.size() * sizeof(float));
  } else {
    output->mutable_contents()->mutable_fp32_contents()->Add(probabilities.begin(),
                                                             probabilities.end());
  }
}

}  // namespace convoy::coordinator
