#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/exports/hdf5/hdf5_handle.h"
#include "common/exports/hdf5/hdf5_writer.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_training.h"
#include "common/exports/keras/keras_weights.h"

namespace convoy::exports {
namespace {

// What readers go by: without a version, or with "1", Keras 2 transposes convolution kernels.
constexpr char kKerasVersion[] = "2.15.0";
constexpr char kBackend[] = "tensorflow";

// Names of weights end so in Keras 2, the number of TensorFlow's output.
constexpr char kOutputSuffix[] = ":0";

absl::Status AddOrigin(const std::string& group, Hdf5Writer::Encoding encoding,
                       Hdf5Writer* writer) {
  CONVOY_RETURN_IF_ERROR(writer->AddString(group, "keras_version", kKerasVersion, encoding));
  return writer->AddString(group, "backend", kBackend, encoding);
}

// The layer's group, and below it the arrays under their names, which repeat the layer's.
absl::Status AddLayer(const KerasLayer& layer, Hdf5Writer* writer) {
  const std::string group = absl::StrCat(kH5WeightsGroup, "/", layer.name);
  CONVOY_RETURN_IF_ERROR(writer->AddGroup(group));
  std::vector<std::string> weight_names;
  for (size_t i = 0; i < layer.tensors.size(); ++i) {
    const formats::NamedTensor& tensor = *layer.tensors[i];
    weight_names.push_back(layer.names[i] + kOutputSuffix);
    CONVOY_RETURN_IF_ERROR(writer->AddFloats(absl::StrCat(group, "/", weight_names.back()),
                                             tensor.shape, tensor.data));
  }
  return writer->AddStrings(group, "weight_names", weight_names);
}

absl::Status AddWeights(const std::vector<KerasLayer>& layers, Hdf5Writer* writer) {
  CONVOY_RETURN_IF_ERROR(writer->AddGroup(kH5WeightsGroup));
  std::vector<std::string> layer_names;
  for (const KerasLayer& layer : layers) layer_names.push_back(layer.name);
  CONVOY_RETURN_IF_ERROR(writer->AddStrings(kH5WeightsGroup, "layer_names", layer_names));
  CONVOY_RETURN_IF_ERROR(AddOrigin(kH5WeightsGroup, Hdf5Writer::Encoding::kAscii, writer));
  for (const KerasLayer& layer : layers) CONVOY_RETURN_IF_ERROR(AddLayer(layer, writer));
  const KerasLayer top_level{.name = "top_level_model_weights", .tensors = {}, .names = {}};
  return AddLayer(top_level, writer);
}

std::string Ascii(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true);
}

}  // namespace

absl::StatusOr<std::string> EncodeKerasH5(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_ASSIGN_OR_RETURN(const nlohmann::ordered_json config, KerasModelConfig(network.spec()));
  CONVOY_ASSIGN_OR_RETURN(const std::optional<nlohmann::ordered_json> training,
                          KerasTrainingConfig(model.recipe_textproto));
  const Hdf5Session session;
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Writer> writer, Hdf5Writer::Create());
  CONVOY_RETURN_IF_ERROR(AddOrigin("/", Hdf5Writer::Encoding::kUtf8, writer.get()));
  CONVOY_RETURN_IF_ERROR(
      writer->AddString("/", "model_config", Ascii(config), Hdf5Writer::Encoding::kAscii));
  if (!model.class_names.empty()) {
    CONVOY_RETURN_IF_ERROR(writer->AddStrings("/", "class_names", PrintableClassNames(model)));
  }
  if (training.has_value()) {
    CONVOY_RETURN_IF_ERROR(
        writer->AddString("/", "training_config", Ascii(*training), Hdf5Writer::Encoding::kAscii));
  }
  CONVOY_RETURN_IF_ERROR(AddWeights(GroupByLayer(network, model), writer.get()));
  return writer->Finish();
}

absl::Status WriteKerasH5(const std::string& path, const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, EncodeKerasH5(model));
  return WriteFileAtomically(path, bytes);
}

}  // namespace convoy::exports
