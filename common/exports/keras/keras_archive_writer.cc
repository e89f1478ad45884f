// A .keras archive as Keras 3 writes it: config.json, metadata.json and model.weights.h5, stored.
// The date is fixed, so that the same model gives the same bytes.
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/exports/hdf5/hdf5_handle.h"
#include "common/exports/hdf5/hdf5_writer.h"
#include "common/exports/keras/keras_archive.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/keras/zip_archive.h"

namespace convoy::exports {
namespace {

using nlohmann::ordered_json;

constexpr char kMetadata[] = R"({"keras_version": "3.9.2", "date_saved": "1980-01-01@00:00:00"})";

// Groups on the way to an array.
absl::Status AddGroups(const std::string& layer, Hdf5Writer* writer) {
  const std::string group = absl::StrCat("/layers/", layer);
  CONVOY_RETURN_IF_ERROR(writer->AddGroup(group));
  return writer->AddGroup(group + "/vars");
}

absl::StatusOr<std::string> EncodeWeights(const nn::Network& network,
                                          const formats::ModelFile& model) {
  const Hdf5Session session;
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Writer> writer, Hdf5Writer::Create());
  CONVOY_RETURN_IF_ERROR(writer->AddGroup("/layers"));
  const std::map<std::string, std::string> paths = KerasPaths(network);
  for (const KerasLayer& layer : GroupByLayer(network, model)) {
    if (layer.tensors.empty()) continue;
    const std::string& path = paths.at(layer.name);
    CONVOY_RETURN_IF_ERROR(AddGroups(path, writer.get()));
    for (size_t i = 0; i < layer.tensors.size(); ++i) {
      CONVOY_RETURN_IF_ERROR(writer->AddFloats(absl::StrCat("/layers/", path, "/vars/", i),
                                               layer.tensors[i]->shape, layer.tensors[i]->data));
    }
  }
  return writer->Finish();
}

}  // namespace

absl::StatusOr<std::string> EncodeKerasArchive(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_ASSIGN_OR_RETURN(const ordered_json config, KerasModelConfig(network.spec()));
  CONVOY_ASSIGN_OR_RETURN(std::string weights, EncodeWeights(network, model));
  return WriteZip({{"metadata.json", kMetadata},
                   {"config.json", Keras3ModelConfig(config).dump(-1, ' ', /*ensure_ascii=*/true)},
                   {"model.weights.h5", std::move(weights)}});
}

absl::Status WriteKerasArchive(const std::string& path, const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, EncodeKerasArchive(model));
  return WriteFileAtomically(path, bytes);
}

}  // namespace convoy::exports
