#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/tfjs/tfjs.h"
#include "common/nn/network.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxJsonBytes = uint64_t{16} << 20;

// By their names.
using Weights = std::map<std::string, formats::NamedTensor>;

// The content of the group's files, one after another.
absl::StatusOr<std::string> ReadShards(const std::string& folder, const JsonFields& group) {
  const json* paths = group.Find("paths");
  if (paths == nullptr || !paths->is_array()) return group.Mismatch("paths", "a list");
  std::string bytes;
  for (const json& path : *paths) {
    if (!path.is_string() || absl::StrContains(path.get<std::string>(), "/")) {
      return group.Mismatch("paths", "a list of files in the folder");
    }
    CONVOY_ASSIGN_OR_RETURN(
        const std::string shard,
        ReadFile(absl::StrCat(folder, "/", path.get<std::string>()), formats::kMaxFileBytes));
    bytes += shard;
  }
  return bytes;
}

absl::StatusOr<Shape> ReadShape(const JsonFields& weight) {
  const json* list = weight.Find("shape");
  if (list == nullptr || !list->is_array()) return weight.Mismatch("shape", "a list");
  Shape shape;
  for (const json& size : *list) {
    if (!size.is_number_unsigned()) return weight.Mismatch("shape", "a list of whole numbers");
    shape.push_back(size.get<int64_t>());
  }
  return shape;
}

// Cuts the next weight off the bytes, of which *offset is used already.
absl::StatusOr<formats::NamedTensor> ReadWeight(const JsonFields& weight, const std::string& bytes,
                                                size_t* offset) {
  formats::NamedTensor tensor;
  CONVOY_ASSIGN_OR_RETURN(tensor.name, weight.String("name"));
  CONVOY_ASSIGN_OR_RETURN(const std::string dtype, weight.String("dtype"));
  if (dtype != "float32") return weight.Mismatch("dtype", "float32");
  CONVOY_ASSIGN_OR_RETURN(tensor.shape, ReadShape(weight));
  const absl::StatusOr<int64_t> num_elems = NumElems(tensor.shape);
  const size_t left = (bytes.size() - *offset) / sizeof(float);
  if (!num_elems.ok() || static_cast<uint64_t>(*num_elems) > left) {
    return absl::DataLossError(absl::StrCat(weight.where(), ": weight '", tensor.name,
                                            "' exceeds what the folder's files hold"));
  }
  tensor.data.resize(static_cast<size_t>(*num_elems));
  const size_t num_bytes = tensor.data.size() * sizeof(float);
  if (num_bytes != 0) std::memcpy(tensor.data.data(), bytes.data() + *offset, num_bytes);
  *offset += num_bytes;
  return tensor;
}

absl::Status ReadGroup(const std::string& folder, const JsonFields& group, Weights* weights) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadShards(folder, group));
  const json* list = group.Find("weights");
  if (list == nullptr || !list->is_array()) return group.Mismatch("weights", "a list");
  size_t offset = 0;
  for (const json& entry : *list) {
    CONVOY_ASSIGN_OR_RETURN(formats::NamedTensor tensor,
                            ReadWeight(JsonFields(&entry, group.where()), bytes, &offset));
    const std::string name = tensor.name;
    weights->insert_or_assign(name, std::move(tensor));
  }
  if (offset == bytes.size()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(group.where(), ": the folder's files hold ",
                                          bytes.size() - offset, " bytes more than the weights"));
}

// Puts the weights into the network's order.
absl::StatusOr<formats::ModelFile> Assemble(const nn::ModelSpec& spec, Weights weights,
                                            const std::string& where) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
  formats::ModelFile model;
  model.model_textproto = nn::ModelSpecToText(spec);
  for (const nn::Layer& layer : network.layers()) {
    for (const nn::Parameter& parameter : layer.parameters) {
      const std::string name = absl::StrCat(layer.name, "/", VariableName(layer, parameter));
      const auto found = weights.find(name);
      if (found == weights.end() || found->second.shape != parameter.shape) {
        return absl::DataLossError(absl::StrCat(where, ": has no weight '", name, "' of ",
                                                ShapeToString(parameter.shape)));
      }
      found->second.name = parameter.name;
      found->second.trainable = parameter.trainable;
      model.tensors.push_back(std::move(found->second));
    }
  }
  if (weights.size() == model.tensors.size()) return model;
  return absl::DataLossError(absl::StrCat(where, ": has weights that belong to no layer"));
}

}  // namespace

absl::StatusOr<formats::ModelFile> ReadTfjs(const std::string& path) {
  const std::string where = path + "/model.json";
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(where, kMaxJsonBytes));
  CONVOY_ASSIGN_OR_RETURN(const json description, ParseJsonObject(text, where));
  const JsonFields fields(&description, where);
  const JsonFields topology(fields.Find("modelTopology"), where);
  const json* config = topology.Find("model_config");
  if (config == nullptr) return topology.Mismatch("model_config", "an object");
  Notes notes;
  const absl::StatusOr<nn::ModelSpec> spec = ReadKerasModelConfig(*config, &notes);
  if (!spec.ok()) return Annotate(spec.status(), where);
  const json* manifest = fields.Find("weightsManifest");
  if (manifest == nullptr || !manifest->is_array()) {
    return fields.Mismatch("weightsManifest", "a list");
  }
  Weights weights;
  for (const json& group : *manifest) {
    CONVOY_RETURN_IF_ERROR(ReadGroup(path, JsonFields(&group, where), &weights));
  }
  return Assemble(*spec, std::move(weights), where);
}

}  // namespace convoy::exports
