// Reads an .h5 file in two halves: the fork reads HDF5 and hands back a model in our own container
// format, the parent decodes that with its own checks. So nothing that HDF5's library does to
// memory reaches the parent (isolated.h).
#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/exports/keras/hdf5_handle.h"
#include "common/exports/keras/hdf5_reader.h"
#include "common/exports/keras/isolated.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_training.h"
#include "common/exports/keras/keras_weights.h"
#include "common/nn/network.h"

namespace convoy::exports {
namespace {

constexpr char kWeights[] = "/model_weights";

// The library keeps the file twice, and the weights stand beside it and in the answer.
constexpr uint64_t kMemoryPerFileByte = 8;
constexpr uint64_t kMemoryBytes = uint64_t{1} << 30;

// Compressed arrays come out several times as fast.
constexpr uint64_t kBytesPerSecond = uint64_t{16} << 20;
constexpr unsigned kSeconds = 10;

// Returns an error that says what the file is instead, if it is a usual mistake.
absl::Status CheckSort(const std::string& bytes) {
  if (absl::StartsWith(bytes, "PK\x03\x04")) {
    return absl::InvalidArgumentError(
        "is a .keras archive; save the model with model.save(\"model.h5\")");
  }
  if (absl::StartsWith(bytes,
                       "\x89"
                       "CVY")) {
    return absl::InvalidArgumentError("is a model of Convoy already, not one of Keras");
  }
  return absl::OkStatus();
}

// Returns "kernel" for "conv1/kernel:0", "sequential/conv1/kernel" and "kernel".
std::string BaseName(const std::string& weight_name) {
  const size_t slash = weight_name.rfind('/');
  std::string base = slash == std::string::npos ? weight_name : weight_name.substr(slash + 1);
  const size_t colon = base.rfind(':');
  return colon == std::string::npos ? base : base.substr(0, colon);
}

// Reads the weights of `layer` out of its group: Keras 2 and 3 name them differently, but both end
// in the variable's own name.
absl::Status ReadLayer(const Hdf5Reader& reader, const nn::Layer& layer,
                       std::vector<formats::NamedTensor>* tensors) {
  if (layer.parameters.empty()) return absl::OkStatus();
  const std::string group = absl::StrCat(kWeights, "/", layer.name);
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> weight_names,
                          reader.Strings(group, "weight_names"));
  std::map<std::string, std::string> path_of;
  for (const std::string& name : weight_names) {
    path_of[BaseName(name)] = absl::StrCat(group, "/", name);
  }
  if (weight_names.size() != layer.parameters.size() || path_of.size() != weight_names.size()) {
    return nn::LayerError(
        layer, absl::StrCat("must have ", layer.parameters.size(), " weights, but the file has [",
                            absl::CHexEscape(absl::StrJoin(weight_names, ", ")), "]"));
  }
  for (const nn::Parameter& parameter : layer.parameters) {
    const auto found = path_of.find(VariableName(layer, parameter));
    if (found == path_of.end()) {
      return nn::LayerError(
          layer,
          absl::StrCat("has no weight '", VariableName(layer, parameter), "' in the file, only [",
                       absl::CHexEscape(absl::StrJoin(weight_names, ", ")), "]"));
    }
    formats::NamedTensor tensor{parameter.name, parameter.shape, parameter.trainable, {}};
    CONVOY_ASSIGN_OR_RETURN(tensor.data, reader.Floats(found->second, parameter.shape));
    tensors->push_back(std::move(tensor));
  }
  return absl::OkStatus();
}

// The file must not have layers with weights that the network does not know.
absl::Status CheckLayerNames(const Hdf5Reader& reader, const nn::Network& network) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          reader.Strings(kWeights, "layer_names"));
  for (const std::string& name : names) {
    const auto known = [&name](const nn::Layer& layer) { return layer.name == name; };
    const bool in_network = std::any_of(network.layers().begin(), network.layers().end(), known);
    const std::string group = absl::StrCat(kWeights, "/", name);
    if (in_network || !reader.HasAttribute(group, "weight_names")) continue;
    CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> weights,
                            reader.Strings(group, "weight_names"));
    if (!weights.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "has weights of a layer '", absl::CHexEscape(name), "' that its model_config lacks"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<nn::ModelSpec> ReadSpec(const Hdf5Reader& reader, Notes* notes) {
  if (!reader.HasAttribute("/", "model_config")) {
    return absl::InvalidArgumentError(
        "has no model_config: only weights were saved; save the model whole, with "
        "model.save(\"model.h5\")");
  }
  CONVOY_ASSIGN_OR_RETURN(const std::string text, reader.String("/", "model_config"));
  CONVOY_ASSIGN_OR_RETURN(const nlohmann::json config, ParseJsonObject(text, "model_config"));
  return ReadKerasModelConfig(config, notes);
}

// The settings of training are a gift: whatever is wrong with them is but a note.
std::string ReadRecipe(const Hdf5Reader& reader, Notes* notes) {
  if (!reader.HasAttribute("/", "training_config")) return "";
  const absl::StatusOr<std::string> text = reader.String("/", "training_config");
  const absl::StatusOr<nlohmann::json> config =
      text.ok() ? ParseJsonObject(*text, "training_config") : text.status();
  if (config.ok()) return RecipeFromTrainingConfig(*config, notes);
  notes->push_back(
      absl::StrCat("the settings of training are not imported: ", config.status().message()));
  return "";
}

absl::StatusOr<formats::ModelFile> ReadModel(const std::string& bytes, Notes* notes) {
  CONVOY_RETURN_IF_ERROR(CheckSort(bytes));
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Reader> reader, Hdf5Reader::Open(bytes));
  CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec, ReadSpec(*reader, notes));
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
  formats::ModelFile model;
  for (const nn::Layer& layer : network.layers()) {
    CONVOY_RETURN_IF_ERROR(ReadLayer(*reader, layer, &model.tensors));
  }
  CONVOY_RETURN_IF_ERROR(CheckLayerNames(*reader, network));
  model.model_textproto = nn::ModelSpecToText(spec);
  model.recipe_textproto = ReadRecipe(*reader, notes);
  return model;
}

// A fork's answer: the notes, a line each, an empty line, and the bytes of a model file.
absl::StatusOr<std::string> Answer(const std::string& bytes, const std::string& source) {
  Notes notes;
  const absl::StatusOr<formats::ModelFile> model = ReadModel(bytes, &notes);
  if (!model.ok()) return Annotate(model.status(), source);
  absl::StatusOr<std::string> encoded = formats::EncodeModel(*model);
  if (!encoded.ok()) return Annotate(encoded.status(), source);
  for (std::string& note : notes) std::replace(note.begin(), note.end(), '\n', ' ');
  notes.emplace_back("\n");
  return absl::StrJoin(notes, "\n") + *std::move(encoded);
}

// Takes the notes off the front of an answer.
void CutNotes(std::string* answer, Notes* notes) {
  size_t begin = 0;
  while (begin < answer->size() && (*answer)[begin] != '\n') {
    const size_t end = std::min(answer->find('\n', begin), answer->size() - 1);
    if (notes != nullptr) notes->push_back(answer->substr(begin, end - begin));
    begin = end + 1;
  }
  answer->erase(0, begin + 1);
}

}  // namespace

absl::StatusOr<formats::ModelFile> DecodeKerasH5(const std::string& bytes,
                                                 const std::string& source, Notes* notes) {
  // The session is entered before the fork, so that the library's locks are free in it.
  const Hdf5Session session;
  const uint64_t memory = kMemoryBytes + kMemoryPerFileByte * bytes.size();
  const auto seconds = kSeconds + static_cast<unsigned>(bytes.size() / kBytesPerSecond);
  CONVOY_ASSIGN_OR_RETURN(std::string answer,
                          RunIsolated(source,
                                      {.extra_memory_bytes = memory,
                                       .result_bytes = memory,
                                       .seconds = 6 * seconds,
                                       .cpu_seconds = seconds},
                                      [&bytes, &source] { return Answer(bytes, source); }));
  CutNotes(&answer, notes);
  CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                          formats::ContainerReader::Parse(std::move(answer), source));
  return formats::DecodeModel(container);
}

absl::StatusOr<formats::ModelFile> ReadKerasH5(const std::string& path, Notes* notes) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, formats::kMaxFileBytes));
  return DecodeKerasH5(bytes, path, notes);
}

}  // namespace convoy::exports
