// JSON numbers become typed contents, bytes raw ones: the service answers in kind, and either can
// be written either way.
#include "coordinator/rest/infer_json.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace convoy::rest {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

absl::Status Invalid(const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

const Json& Member(const Json& object, const char* name) {
  static const Json& none = *new Json();
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

absl::StatusOr<std::string> Text(const Json& object, const char* name) {
  const Json& value = Member(object, name);
  if (value.is_string()) return value.get<std::string>();
  return Invalid(name, "a text is missing");
}

absl::Status ReadShape(const Json& shape, ModelInferRequest::InferInputTensor* input) {
  if (!shape.is_array()) return Invalid("shape", "a list of numbers is missing");
  for (const Json& size : shape) {
    if (!size.is_number_integer()) return Invalid("shape", "not a list of whole numbers");
    input->add_shape(size.get<int64_t>());
  }
  return absl::OkStatus();
}

// Takes the input's bytes off the front of `rest`.
absl::Status ReadBytes(const Json& size, std::string_view* rest, ModelInferRequest* message) {
  if (!size.is_number_unsigned() || size.get<uint64_t>() > rest->size()) {
    return Invalid("binary_data_size", absl::StrCat("not a number of the ", rest->size(),
                                                    " bytes that follow the JSON"));
  }
  const auto bytes = size.get<size_t>();
  message->add_raw_input_contents(rest->data(), bytes);
  rest->remove_prefix(bytes);
  return absl::OkStatus();
}

absl::Status ReadInput(const Json& json, std::string_view* rest, ModelInferRequest* message) {
  if (!json.is_object()) return Invalid("inputs", "not a list of objects");
  auto* input = message->add_inputs();
  CONVOY_ASSIGN_OR_RETURN(*input->mutable_name(), Text(json, "name"));
  CONVOY_ASSIGN_OR_RETURN(*input->mutable_datatype(), Text(json, "datatype"));
  CONVOY_RETURN_IF_ERROR(ReadShape(Member(json, "shape"), input));
  const Json& parameters = Member(json, "parameters");
  if (parameters.is_object() && parameters.contains("binary_data_size")) {
    return ReadBytes(parameters["binary_data_size"], rest, message);
  }
  if (!Member(json, "data").is_array()) return Invalid("data", "a list of numbers is missing");
  return AddNumbers(json["data"], input);
}

bool IsTrue(const Json& value) { return value.is_boolean() && value.get<bool>(); }

absl::Status ReadOutput(const Json& json, InferRequest* request) {
  if (!json.is_object()) return Invalid("outputs", "not a list of objects");
  CONVOY_ASSIGN_OR_RETURN(*request->message.add_outputs()->mutable_name(), Text(json, "name"));
  const Json& parameters = Member(json, "parameters");
  if (!parameters.is_object()) return absl::OkStatus();
  const Json& binary = Member(parameters, "binary_data");
  if (binary.is_boolean()) request->binary_output = IsTrue(binary);
  const Json& classes = Member(parameters, "classification");
  if (classes.is_null()) return absl::OkStatus();
  if (!classes.is_number_unsigned() || classes.get<uint64_t>() > 1'000'000) {
    return Invalid("classification", "not a number of classes");
  }
  request->classes = classes.get<int>();
  return absl::OkStatus();
}

absl::Status AddNumber(const Json& number, ModelInferRequest::InferInputTensor* input) {
  if (input->datatype() == "FP32") {
    if (!number.is_number()) return Invalid("data", "not a number");
    input->mutable_contents()->add_fp32_contents(number.get<float>());
  } else if (input->datatype() == "UINT8") {
    if (!number.is_number_unsigned() || number.get<uint64_t>() > 255) {
      return Invalid("data", "not a whole number from 0 to 255, as UINT8 has them");
    }
    input->mutable_contents()->add_uint_contents(number.get<uint32_t>());
  }
  return absl::OkStatus();  // of another datatype, which the service refuses by its name
}

// Triton's form of a class: "value:index".
std::vector<std::string> Likeliest(const std::vector<float>& values, int classes) {
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return values[static_cast<size_t>(a)] > values[static_cast<size_t>(b)];
  });
  std::vector<std::string> texts;
  for (const int index : order) {
    if (static_cast<int>(texts.size()) == classes) break;
    texts.push_back(absl::StrCat(values[static_cast<size_t>(index)], ":", index));
  }
  return texts;
}

// An output of texts in place of numbers, the likeliest classes of each row.
struct Classified {
  std::vector<std::string> texts;
  int64_t rows = 0;
  int64_t columns = 0;
};

Classified Classify(const std::vector<float>& values, int64_t row_size, int classes) {
  Classified result;
  for (size_t begin = 0; begin < values.size(); begin += static_cast<size_t>(row_size)) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(begin);
    for (std::string& text : Likeliest({first, first + row_size}, classes)) {
      result.texts.push_back(std::move(text));
    }
    ++result.rows;
  }
  if (result.rows > 0) result.columns = static_cast<int64_t>(result.texts.size()) / result.rows;
  return result;
}

// BYTES as the protocol packs them: each with its length before it, little-endian.
std::string Packed(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) {
    const auto size = static_cast<uint32_t>(text.size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
    bytes += text;
  }
  return bytes;
}

std::string BytesOf(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// Writes output `index`: into its JSON, or behind it into `binary`.
Json WriteOutput(const ModelInferResponse& message, int index, const InferRequest& request,
                 std::string* binary) {
  const auto& output = message.outputs(index);
  const std::vector<float> values = NumbersOf(message, index);
  Json json = {{"name", output.name()}, {"datatype", output.datatype()}, {"shape", output.shape()}};
  std::string bytes;
  if (request.classes > 0) {
    const Classified classified =
        Classify(values, output.shape(output.shape_size() - 1), request.classes);
    json["datatype"] = "BYTES";
    json["shape"] = {classified.rows, classified.columns};
    if (request.binary_output) bytes = Packed(classified.texts);
    if (!request.binary_output) json["data"] = classified.texts;
  } else {
    if (request.binary_output) bytes = BytesOf(values);
    if (!request.binary_output) json["data"] = values;
  }
  if (request.binary_output) json["parameters"] = {{"binary_data_size", bytes.size()}};
  *binary += bytes;
  return json;
}

}  // namespace

absl::Status AddNumbers(const Json& data, ModelInferRequest::InferInputTensor* input) {
  if (!data.is_array()) return AddNumber(data, input);
  for (const Json& element : data) CONVOY_RETURN_IF_ERROR(AddNumbers(element, input));
  return absl::OkStatus();
}

absl::StatusOr<InferRequest> ReadInfer(const std::string& body, std::optional<size_t> json_bytes) {
  const size_t json_size = json_bytes.value_or(body.size());
  if (json_size > body.size()) {
    return Invalid("inference-header-content-length", "more than the body has");
  }
  CONVOY_ASSIGN_OR_RETURN(const Json json,
                          ParseObject(std::string_view(body).substr(0, json_size)));
  std::string_view rest = std::string_view(body).substr(json_size);
  InferRequest request;
  if (Member(json, "id").is_string()) request.message.set_id(json["id"].get<std::string>());
  const Json& parameters = Member(json, "parameters");
  if (parameters.is_object()) {
    request.binary_output = IsTrue(Member(parameters, "binary_data_output"));
  }
  if (!Member(json, "inputs").is_array()) return Invalid("inputs", "a list of tensors is missing");
  for (const Json& input : json["inputs"]) {
    CONVOY_RETURN_IF_ERROR(ReadInput(input, &rest, &request.message));
  }
  if (!rest.empty()) {
    return Invalid("inputs", absl::StrCat(rest.size(), " bytes after the JSON belong to none"));
  }
  if (!Member(json, "outputs").is_array()) return request;
  for (const Json& output : json["outputs"]) CONVOY_RETURN_IF_ERROR(ReadOutput(output, &request));
  return request;
}

http::Response WriteInfer(const ModelInferResponse& message, const InferRequest& request) {
  Json json = {{"model_name", message.model_name()}, {"model_version", message.model_version()}};
  if (!message.id().empty()) json["id"] = message.id();
  json["outputs"] = Json::array();
  std::string binary;
  for (int i = 0; i < message.outputs_size(); ++i) {
    json["outputs"].push_back(WriteOutput(message, i, request, &binary));
  }
  http::Response response{.content_type = "application/json", .body = Dump(json)};
  if (!request.binary_output) return response;
  response.content_type = "application/octet-stream";
  response.headers.emplace_back(kJsonLength, absl::StrCat(response.body.size()));
  response.body += binary;
  return response;
}

std::vector<float> NumbersOf(const ModelInferResponse& message, int output) {
  if (output >= message.raw_output_contents_size()) {
    const auto& typed = message.outputs(output).contents().fp32_contents();
    return {typed.begin(), typed.end()};
  }
  const std::string& raw = message.raw_output_contents(output);
  std::vector<float> values(raw.size() / sizeof(float));
  std::memcpy(values.data(), raw.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace convoy::rest
