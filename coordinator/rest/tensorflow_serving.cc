// TensorFlow Serving's REST predictions: rows or columns of JSON become one inference request, and
// its answer becomes theirs.
#include "coordinator/rest/tensorflow_serving.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/grpc_status.h"
#include "coordinator/rest/ask.h"
#include "coordinator/rest/infer_json.h"

namespace convoy::rest {
namespace {

using ReplyPointer = std::shared_ptr<http::Reply>;

constexpr char kRoot[] = "/v1/models/";
constexpr char kVersions[] = "/versions/";
constexpr char kInput[] = "input";

// The lengths of lists within lists, by the first element of each.
std::vector<int64_t> ShapeOf(const Json& data) {
  std::vector<int64_t> shape;
  for (const Json* list = &data; list->is_array(); list = &list->front()) {
    shape.push_back(static_cast<int64_t>(list->size()));
    if (list->empty()) break;
  }
  return shape;
}

absl::Status CheckShape(const Json& data, const std::vector<int64_t>& shape, size_t level) {
  if (level == shape.size() && !data.is_array()) return absl::OkStatus();
  if (level == shape.size() || !data.is_array() ||
      static_cast<int64_t>(data.size()) != shape[level]) {
    return absl::InvalidArgumentError("instances: lists of different lengths or depths");
  }
  for (const Json& element : data) CONVOY_RETURN_IF_ERROR(CheckShape(element, shape, level + 1));
  return absl::OkStatus();
}

// Instances may name their one input.
absl::Status TakeNamesOff(Json& instances) {
  for (Json& instance : instances) {
    if (!instance.is_object()) continue;
    if (!instance.contains(kInput) || instance.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("instances: an object has '", kInput, "' alone"));
    }
    Json image = std::move(instance[kInput]);
    instance = std::move(image);
  }
  return absl::OkStatus();
}

// The numbers of one row after another as lists.
Json Rows(const inference::ModelInferResponse& answer) {
  Json rows = Json::array();
  if (answer.outputs_size() == 0 || answer.outputs(0).shape_size() != 2) return rows;
  const std::vector<float> values = NumbersOf(answer, 0);
  const auto columns = static_cast<std::ptrdiff_t>(answer.outputs(0).shape(1));
  for (auto row = values.begin(); columns > 0 && values.end() - row >= columns; row += columns) {
    rows.push_back(std::vector<float>(row, row + columns));
  }
  return rows;
}

// "/v1/models/NAME[/versions/V][:predict]" behind its root.
struct TensorFlowPath {
  std::string model;
  std::string version;
  std::string verb;
};

TensorFlowPath ParsePath(std::string rest) {
  TensorFlowPath path;
  if (const size_t colon = rest.rfind(':'); colon != std::string::npos) {
    path.verb = rest.substr(colon + 1);
    rest.resize(colon);
  }
  if (const size_t versions = rest.find(kVersions); versions != std::string::npos) {
    path.version = rest.substr(versions + sizeof(kVersions) - 1);
    rest.resize(versions);
  }
  path.model = rest;
  return path;
}

void Predict(bridge::GrpcCaller& caller, const http::Request& request, const TensorFlowPath& path,
             const ReplyPointer& reply) {
  absl::StatusOr<Json> json = ParseObject(request.body);
  if (!json.ok()) return reply->Send(Failure(rpc::ToGrpc(json.status())));
  // The form of the answer is that of the question.
  const char* form = json->contains("instances") ? "predictions" : "outputs";
  absl::StatusOr<inference::ModelInferRequest> message = ReadPredict(*std::move(json));
  if (!message.ok()) return reply->Send(Failure(rpc::ToGrpc(message.status())));
  message->set_model_name(path.model);
  message->set_model_version(path.version);
  Ask<inference::ModelInferResponse>(caller, "ModelInfer", *message, request, reply,
                                     [form](const inference::ModelInferResponse& answer) {
                                       return JsonResponse({{form, Rows(answer)}});
                                     });
}

void Status(bridge::GrpcCaller& caller, const http::Request& request, const TensorFlowPath& path,
            const ReplyPointer& reply) {
  inference::ModelMetadataRequest message;
  message.set_name(path.model);
  message.set_version(path.version);
  Ask<inference::ModelMetadataResponse>(
      caller, "ModelMetadata", message, request, reply,
      [](const inference::ModelMetadataResponse& answer) {
        Json versions = Json::array();
        for (const std::string& version : answer.versions()) {
          versions.push_back({{"version", version},
                              {"state", "AVAILABLE"},
                              {"status", {{"error_code", "OK"}, {"error_message", ""}}}});
        }
        return JsonResponse({{"model_version_status", versions}});
      });
}

void Handle(bridge::GrpcCaller& caller, const http::Request& request, const ReplyPointer& reply) {
  const TensorFlowPath path = ParsePath(request.path.substr(sizeof(kRoot) - 1));
  const bool posts = request.method == "POST";
  if (path.verb == "predict" && posts) return Predict(caller, request, path, reply);
  if (path.verb.empty() && !posts) return Status(caller, request, path, reply);
  reply->Send(Failure(
      {grpc::UNIMPLEMENTED, "path: POST .../NAME:predict and GET .../NAME are answered here"}));
}

}  // namespace

absl::StatusOr<inference::ModelInferRequest> ReadPredict(Json json) {
  const bool by_row = json.contains("instances");
  if (!by_row && !json.contains("inputs")) {
    return absl::InvalidArgumentError("body: neither 'instances' nor 'inputs'");
  }
  Json data = std::move(by_row ? json["instances"] : json["inputs"]);
  if (!by_row && data.is_object() && data.contains(kInput)) {
    Json named = std::move(data[kInput]);
    data = std::move(named);
  }
  if (!data.is_array()) return absl::InvalidArgumentError("instances: not a list of images");
  if (by_row) CONVOY_RETURN_IF_ERROR(TakeNamesOff(data));
  const std::vector<int64_t> shape = ShapeOf(data);
  CONVOY_RETURN_IF_ERROR(CheckShape(data, shape, 0));
  inference::ModelInferRequest message;
  auto* input = message.add_inputs();
  input->set_name(kInput);
  input->set_datatype("FP32");
  input->mutable_shape()->Add(shape.begin(), shape.end());
  CONVOY_RETURN_IF_ERROR(AddNumbers(data, input));
  return message;
}

void AddTensorflowServing(bridge::GrpcCaller& caller, uint64_t max_body_bytes,
                          http::Router& router) {
  router.Add({.path = kRoot,
              .handler = [&caller](const http::Request& request,
                                   const ReplyPointer& reply) { Handle(caller, request, reply); },
              .reads_only = false,
              .max_body_bytes = max_body_bytes});
}

}  // namespace convoy::rest
