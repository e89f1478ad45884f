// What the independent readers of model files compare with: writes models in every format, with the
// probabilities that Convoy computes, and reads and writes Keras's files.
//
//   export_tool write DIRECTORY        networks and a manifest.json, see WriteNetwork
//   export_tool import FILE MODEL.convoy      FILE.h5 or FILE.keras
//   export_tool export MODEL.convoy FILE
//   export_tool events DIRECTORY       event files of a made-up training
//
// Notes and errors go to standard error. Exit code: as the programs'.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/data_directory.h"
#include "common/data/digits/generated_digits.h"
#include "common/exports/export.h"
#include "common/exports/exports_testing.h"
#include "common/exports/input_scale.h"
#include "common/exports/keras/keras_reader.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/probabilities.h"
#include "common/formats/model_file.h"
#include "common/formats/tensorboard/keras_events.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

constexpr int64_t kDigits = 1000;
constexpr int64_t kDigitsForLargeNetworks = 100;
constexpr int64_t kNoiseImages = 50;

template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// The first test images of MNIST, if $CONVOY_DATA names it, or generated digits.
absl::StatusOr<data::Dataset> Digits() {
  const char* directory = std::getenv("CONVOY_DATA");
  if (directory != nullptr && *directory != '\0') {
    CONVOY_ASSIGN_OR_RETURN(data::DataSource source, data::LoadIdxDirectory(directory));
    source.test.count = kDigits;
    return std::move(source.test);
  }
  data::Dataset digits{.count = kDigits, .height = 28, .width = 28, .num_classes = 10};
  digits.pixels.resize(kDigits * 784);
  digits.labels.resize(kDigits);
  data::GenerateDigits(42, data::kGeneratedTestSplit, kDigits, 2, digits.pixels.data(),
                       digits.labels.data());
  return digits;
}

// Whether TensorFlow.js has all of the network's layers.
bool TfjsHas(const nn::Network& network) {
  return std::none_of(network.layers().begin(), network.layers().end(), [](const nn::Layer& layer) {
    return std::holds_alternative<nn::GroupNormalizationSpec>(layer.kind);
  });
}

// DIRECTORY/model.h5, model.onnx, and tfjs/ where that has all layers.
absl::Status WriteAllFormats(const std::string& directory, const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_RETURN_IF_ERROR(CreateDirectories(directory));
  CONVOY_RETURN_IF_ERROR(WriteExport(ExportFormat::kKeras, directory + "/model.h5", model));
  if (TfjsHas(network)) {
    CONVOY_RETURN_IF_ERROR(WriteExport(ExportFormat::kTfjs, directory + "/tfjs", model));
  }
  return WriteExport(ExportFormat::kOnnx, directory + "/model.onnx", model);
}

// NAME/images.u8 [images, height, width, channels], NAME/expected.f64 [images, classes], and the
// model in NAME/good, NAME/flatten (dense rows in the wrong order) and NAME/kernel (convolution
// kernels in the wrong order), where the network has such an order. Returns its line of the
// manifest.
absl::StatusOr<json> WriteNetwork(const std::string& directory, const formats::ModelFile& model,
                                  const data::DatasetView& images) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  const std::string name = network.spec().name;
  const std::string folder = absl::StrCat(directory, "/", name);
  CONVOY_RETURN_IF_ERROR(WriteAllFormats(folder + "/good", model));
  json mutants = json::array();
  if (HasFlattenOrder(network)) {
    CONVOY_RETURN_IF_ERROR(WriteAllFormats(folder + "/flatten", WithFlattenInChw(model)));
    mutants.push_back("flatten");
  }
  if (HasKernelOrder(network)) {
    CONVOY_RETURN_IF_ERROR(WriteAllFormats(folder + "/kernel", WithKernelsInOihw(model)));
    mutants.push_back("kernel");
  }
  const auto num_bytes = static_cast<size_t>(images.count * images.image_bytes());
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(
      folder + "/images.u8", {reinterpret_cast<const char*>(images.pixels), num_bytes}));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<double> expected, ConvoyProbabilities(model, images));
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(folder + "/expected.f64", BytesOf(expected)));
  return json{{"name", name},
              {"images", images.count},
              {"height", images.height},
              {"width", images.width},
              {"channels", images.channels},
              {"classes", network.num_classes()},
              {"mutants", mutants},
              {"tfjs", TfjsHas(network)},
              {"weights_sha256", formats::WeightsSha256(model.tensors)}};
}

absl::Status Write(const std::string& directory) {
  json manifest = json::array();
  CONVOY_ASSIGN_OR_RETURN(const data::Dataset digits, Digits());
  for (const char* name : {"notebook", "lenet5", "deep"}) {
    const int64_t count = name == std::string("deep") ? kDigitsForLargeNetworks : kDigits;
    CONVOY_ASSIGN_OR_RETURN(
        json line, WriteNetwork(directory, BuiltinModel(name), digits.View().Slice({0, count})));
    manifest.push_back(std::move(line));
  }
  std::vector<nn::Network> networks = ExportNetworks();
  networks.push_back(GroupNormalizedNetwork());
  for (const nn::Network& network : networks) {
    const data::Dataset images = RandomImages(network, kNoiseImages);
    CONVOY_ASSIGN_OR_RETURN(json line, WriteNetwork(directory, ModelOf(network), images.View()));
    manifest.push_back(std::move(line));
  }
  return WriteFileAtomically(directory + "/manifest.json", manifest.dump(1));
}

absl::Status Import(const std::string& from, const std::string& to) {
  Notes notes;
  CONVOY_ASSIGN_OR_RETURN(const KerasModel read, ReadKeras(from, {}, &notes));
  for (const std::string& note : notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, WithInputScale(read, UsualScale(read)));
  return formats::WriteModel(to, model);
}

absl::Status Export(const std::string& from, const std::string& to) {
  CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, formats::ReadModel(from));
  return WriteExport(ExportFormat::kKeras, to, model);
}

// The smallest PNG file: one grey pixel.
constexpr unsigned char kPng[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

absl::Status Events(const std::string& directory) {
  formats::KerasEvents events(directory);
  for (int epoch = 0; epoch < 3; ++epoch) {
    const formats::EventTime time{1700000000.25 + epoch, epoch};
    CONVOY_RETURN_IF_ERROR(events.AddEpoch(time,
                                           {{"loss", 1.0 / (1 + epoch)},
                                            {"accuracy", 0.5 + 0.125 * epoch},
                                            {"val_loss", 0.25},
                                            {"val_accuracy", 0.0}},
                                           0.001));
  }
  const std::string_view png(reinterpret_cast<const char*>(kPng), sizeof(kPng));
  return events.AddImage({1700000010, 2}, "confusion_matrix", png);
}

absl::Status Run(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  if (command == "write" && arguments.size() == 2) return Write(arguments[1]);
  if (command == "events" && arguments.size() == 2) return Events(arguments[1]);
  if (command == "import" && arguments.size() == 3) return Import(arguments[1], arguments[2]);
  if (command == "export" && arguments.size() == 3) return Export(arguments[1], arguments[2]);
  return absl::InvalidArgumentError("usage: export_tool write|events DIR, import|export FROM TO");
}

}  // namespace
}  // namespace convoy::exports

int main(int argc, char** argv) {
  const absl::Status status = convoy::exports::Run({argv + 1, argv + argc});
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return static_cast<int>(convoy::ExitCodeFor(status));
}
