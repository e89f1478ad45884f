#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_training.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/tfjs/tfjs.h"

namespace convoy::exports {
namespace {

using nlohmann::ordered_json;

constexpr char kModelFile[] = "model.json";
constexpr char kShardPrefix[] = "group1-shard";

// All weights one after another, little-endian float32 without gaps, cut into equal pieces.
std::vector<FolderFile> Shards(const std::vector<formats::NamedTensor>& tensors) {
  std::string bytes;
  bytes.reserve(static_cast<size_t>(formats::TotalElems(tensors, false)) * sizeof(float));
  for (const formats::NamedTensor& tensor : tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.data.data()),
                 tensor.data.size() * sizeof(float));
  }
  std::vector<FolderFile> shards;
  const size_t count = std::max<size_t>(1, (bytes.size() + kTfjsShardBytes - 1) / kTfjsShardBytes);
  for (size_t i = 0; i < count; ++i) {
    shards.push_back({absl::StrCat(kShardPrefix, i + 1, "of", count, ".bin"),
                      bytes.substr(i * kTfjsShardBytes, kTfjsShardBytes)});
  }
  return shards;
}

// Leaves out each Flatten of what is flat already: TensorFlow.js refuses those, and they do
// nothing.
nn::ModelSpec WithoutIdleFlattens(const nn::Network& network) {
  nn::ModelSpec spec = network.spec();
  spec.layers.clear();
  for (const nn::Layer& layer : network.layers()) {
    const bool idle =
        std::holds_alternative<nn::FlattenSpec>(layer.kind) && layer.input.size() == 1;
    if (!idle) spec.layers.push_back({.name = layer.name, .kind = layer.kind});
  }
  return spec;
}

ordered_json Manifest(const std::vector<KerasLayer>& layers,
                      const std::vector<FolderFile>& shards) {
  ordered_json paths = ordered_json::array();
  for (const FolderFile& shard : shards) paths.push_back(shard.name);
  ordered_json weights = ordered_json::array();
  for (const KerasLayer& layer : layers) {
    for (size_t i = 0; i < layer.tensors.size(); ++i) {
      weights.push_back(
          {{"name", layer.names[i]}, {"shape", layer.tensors[i]->shape}, {"dtype", "float32"}});
    }
  }
  return ordered_json::array({{{"paths", std::move(paths)}, {"weights", std::move(weights)}}});
}

ordered_json Topology(ordered_json model_config, std::optional<ordered_json> training_config) {
  ordered_json topology = {{"keras_version", "2.15.0"},
                           {"backend", "tensorflow"},
                           {"model_config", std::move(model_config)}};
  if (training_config.has_value()) topology["training_config"] = *std::move(training_config);
  return topology;
}

bool IsTfjsFile(std::string_view name) {
  return name == kModelFile || (absl::StartsWith({name.data(), name.size()}, kShardPrefix) &&
                                absl::EndsWith({name.data(), name.size()}, ".bin"));
}

}  // namespace

absl::Status CheckTfjsHasLayers(const nn::Network& network) {
  for (const nn::Layer& layer : network.layers()) {
    if (std::holds_alternative<nn::GroupNormalizationSpec>(layer.kind)) {
      return nn::LayerError(layer, "TensorFlow.js has no group normalization");
    }
    const auto* activation = std::get_if<nn::ActivationSpec>(&layer.kind);
    if (activation != nullptr && activation->function == nn::ActivationFunction::kElu &&
        activation->alpha != 1) {
      return nn::LayerError(layer, "TensorFlow.js has ELU with alpha 1 only, not $0",
                            activation->alpha);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FolderFile>> EncodeTfjs(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_RETURN_IF_ERROR(CheckTfjsHasLayers(network));
  CONVOY_ASSIGN_OR_RETURN(ordered_json model_config,
                          KerasModelConfig(WithoutIdleFlattens(network)));
  CONVOY_ASSIGN_OR_RETURN(std::optional<ordered_json> training_config,
                          KerasTrainingConfig(model.recipe_textproto));
  std::vector<FolderFile> files = Shards(model.tensors);
  ordered_json description = {
      {"format", "layers-model"},
      {"generatedBy", "keras v2.15.0"},
      {"convertedBy", "Convoy"},
      {"modelTopology", Topology(std::move(model_config), std::move(training_config))},
      {"weightsManifest", Manifest(GroupByLayer(network, model), files)}};
  if (!model.class_names.empty()) {
    description["userDefinedMetadata"] = {{"class_names", PrintableClassNames(model)}};
  }
  files.insert(files.begin(), {kModelFile, description.dump(-1, ' ', /*ensure_ascii=*/true)});
  return files;
}

absl::Status WriteTfjs(const std::string& path, const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<FolderFile> files, EncodeTfjs(model));
  return WriteFolderAtomically(path, files, IsTfjsFile);
}

}  // namespace convoy::exports
