// Reads Keras's files in a fork: the library for HDF5 does not stand every broken file, and what
// crashes there is an error here. The fork answers with a line of JSON, the notes and the scale of
// the input, and behind it the model as a container.
#include "common/exports/keras/keras_reader.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/hdf5/hdf5_handle.h"
#include "common/exports/hdf5/hdf5_reader.h"
#include "common/exports/hdf5/isolated.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras1_config.h"
#include "common/exports/keras/keras_training.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/keras/keras_weights_reader.h"
#include "common/exports/keras/zip_archive.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"

namespace convoy::exports {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The library keeps the file twice, and the weights stand beside it and in the answer.
constexpr uint64_t kMemoryPerFileByte = 8;
constexpr uint64_t kMemoryBytes = uint64_t{1} << 30;

// Compressed arrays come out several times as fast.
constexpr uint64_t kBytesPerSecond = uint64_t{16} << 20;
constexpr unsigned kSeconds = 10;

constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;
constexpr char kArchivedConfig[] = "config.json";
constexpr char kArchivedWeights[] = "model.weights.h5";

bool StartsWith(std::string_view bytes, std::string_view start) {
  return bytes.substr(0, start.size()) == start;
}

// Returns an error that says what the file is instead, if it is a usual mistake.
absl::Status CheckSort(const std::string& bytes) {
  using std::string_view_literals::operator""sv;
  if (StartsWith(bytes,
                 "\x89"
                 "CVY")) {
    return InvalidArgumentTextError("is a model of Convoy already, not one of Keras");
  }
  if (StartsWith(bytes, "version https://git-lfs")) {
    return InvalidArgumentTextError(
        "is a Git LFS pointer, not the file itself; get that with: git lfs pull");
  }
  if (StartsWith(bytes, "\x80\x02"sv) || StartsWith(bytes, "\x80\x03"sv) ||
      StartsWith(bytes, "\x80\x04"sv) || StartsWith(bytes, "\x80\x05"sv)) {
    return InvalidArgumentTextError(
        "is a pickle, of PyTorch or scikit-learn, not a model of Keras; Convoy reads .h5 and "
        ".keras");
  }
  return absl::OkStatus();
}

absl::Status CheckArchive(const ZipReader& zip) {
  if (zip.Has(kArchivedConfig) && zip.Has(kArchivedWeights)) return absl::OkStatus();
  if (zip.Has(kArchivedConfig) && zip.Has("model.weights.json")) {
    return InvalidArgumentTextError(
        "is a .keras archive with its weights in several files, which Convoy does not read; save "
        "it with max_shard_size=None");
  }
  return InvalidArgumentTextError(
      "is a zip archive, but none of Keras (it has no config.json and model.weights.h5); a model "
      "of PyTorch, perhaps? Convoy reads .h5 and .keras");
}

// The settings of training are a gift: whatever is wrong with them is but a note.
std::string RecipeOfTraining(const absl::StatusOr<json>& training_config, Notes* notes) {
  if (training_config.ok()) return RecipeFromTrainingConfig(*training_config, notes);
  notes->push_back(absl::StrCat("the settings of training are not imported: ",
                                training_config.status().message()));
  return "";
}

std::string RecipeInH5(const Hdf5Reader& reader, Notes* notes) {
  if (!reader.HasAttribute("/", "training_config")) return "";
  const absl::StatusOr<std::string> text = reader.String("/", "training_config");
  return RecipeOfTraining(text.ok() ? ParseJsonObject(*text, "training_config") : text.status(),
                          notes);
}

// An archive's compile_config has the optimizer under another key.
std::string RecipeInArchive(const json& config, Notes* notes) {
  const JsonFields compiled(JsonFields(&config, "").Find("compile_config"), "");
  const json* optimizer = compiled.Find("optimizer");
  if (optimizer == nullptr || !optimizer->is_object()) return "";
  return RecipeFromTrainingConfig({{"optimizer_config", *optimizer}}, notes);
}

KerasModel WithScaleOf(const KerasNetwork& keras) {
  KerasModel result;
  result.model.model_textproto = nn::ModelSpecToText(keras.spec);
  result.rescales = keras.rescales;
  result.scale = keras.scale;
  result.offset = keras.offset;
  return result;
}

// Files of 1.0 and 1.1 do not say their version; later ones do, and have none of these names.
bool IsOfKeras1(const Hdf5Reader& reader, const std::string& model_config) {
  if (!reader.HasAttribute("/", "keras_version")) {
    return absl::StrContains(model_config, "\"nb_filter\"") ||
           absl::StrContains(model_config, "\"output_dim\"");
  }
  const absl::StatusOr<std::string> version = reader.String("/", "keras_version");
  return version.ok() && absl::StartsWith(*version, "1.");
}

// Says in which order the file has its kernels, which its description of the network does not.
void NoteOrderOfKernels(const Hdf5Reader& reader, bool keras_1, Notes* notes) {
  if (HasTurnedKernels(reader)) {
    notes->push_back(
        "was trained with Theano, which convolves the other way round: kernels are turned by half "
        "a turn");
  } else if (keras_1) {
    notes->push_back("was written by Keras 1; kernels are taken as it wrote them over TensorFlow");
  }
}

// Not an error: a configuration file may name a model for all commands.
void NoteOwnNetwork(const KerasReadOptions& options, Notes* notes) {
  if (options.network.empty()) return;
  notes->push_back("the file holds its own network; the one that is given for it is not used");
}

absl::StatusOr<KerasModel> ReadWeightsOnly(const Hdf5Reader& reader,
                                           const KerasReadOptions& options, Notes* notes) {
  if (options.network.empty()) {
    return InvalidArgumentTextError(
        "has no model_config: only weights were saved; name the network that they are of, or save "
        "the model whole, with model.save(\"model.h5\")");
  }
  CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec, nn::LoadModelSpec(options.network));
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
  KerasModel result;
  result.model.model_textproto = nn::ModelSpecToText(spec);
  CONVOY_ASSIGN_OR_RETURN(result.model.tensors, WeightsInOrder(reader, network));
  NoteOrderOfKernels(reader, false, notes);
  return result;
}

absl::StatusOr<KerasModel> ReadH5(const std::string& bytes, const KerasReadOptions& options,
                                  Notes* notes) {
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Reader> reader, Hdf5Reader::Open(bytes));
  if (!reader->HasAttribute("/", "model_config")) return ReadWeightsOnly(*reader, options, notes);
  NoteOwnNetwork(options, notes);
  CONVOY_ASSIGN_OR_RETURN(const std::string text, reader->String("/", "model_config"));
  CONVOY_ASSIGN_OR_RETURN(json config, ParseJsonObject(text, "model_config"));
  const bool keras_1 = IsOfKeras1(*reader, text);
  if (keras_1) {
    CONVOY_ASSIGN_OR_RETURN(config, FromKeras1(config));
  }
  CONVOY_ASSIGN_OR_RETURN(KerasNetwork keras, ReadKerasNetwork(config, options.image_size, notes));
  for (auto& [name, origin] : keras.origins) {
    origin.filters_first = keras_1 && keras.channels_first;
  }
  NoteOrderOfKernels(*reader, keras_1, notes);
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(keras.spec));
  KerasModel result = WithScaleOf(keras);
  CONVOY_ASSIGN_OR_RETURN(result.model.tensors, WeightsByName(*reader, network, keras));
  result.model.recipe_textproto = RecipeInH5(*reader, notes);
  return result;
}

absl::StatusOr<KerasModel> ReadArchive(const std::string& bytes, const KerasReadOptions& options,
                                       Notes* notes) {
  CONVOY_ASSIGN_OR_RETURN(const ZipReader zip, ZipReader::Open(bytes));
  CONVOY_RETURN_IF_ERROR(CheckArchive(zip));
  NoteOwnNetwork(options, notes);
  CONVOY_ASSIGN_OR_RETURN(const std::string text, zip.Read(kArchivedConfig, kMaxConfigBytes));
  CONVOY_ASSIGN_OR_RETURN(const json config, ParseJsonObject(text, kArchivedConfig));
  CONVOY_ASSIGN_OR_RETURN(const KerasNetwork keras,
                          ReadKerasNetwork(config, options.image_size, notes));
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(keras.spec));
  KerasModel result = WithScaleOf(keras);
  CONVOY_ASSIGN_OR_RETURN(const std::string weights,
                          zip.Read(kArchivedWeights, formats::kMaxFileBytes));
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Reader> reader, Hdf5Reader::Open(weights));
  CONVOY_ASSIGN_OR_RETURN(result.model.tensors, WeightsByPath(*reader, network, keras));
  result.model.recipe_textproto = RecipeInArchive(config, notes);
  return result;
}

// A fork's answer.
absl::StatusOr<std::string> Answer(const std::string& bytes, const std::string& source,
                                   const KerasReadOptions& options) {
  Notes notes;
  absl::Status sort = CheckSort(bytes);
  if (!sort.ok()) return Annotate(sort, source);
  const absl::StatusOr<KerasModel> read = StartsWith(bytes, "PK\x03\x04")
                                              ? ReadArchive(bytes, options, &notes)
                                              : ReadH5(bytes, options, &notes);
  if (!read.ok()) return Annotate(read.status(), source);
  const absl::StatusOr<std::string> encoded = formats::EncodeModel(read->model);
  if (!encoded.ok()) return Annotate(encoded.status(), source);
  const json head = {{"notes", notes},
                     {"rescales", read->rescales},
                     {"scale", read->scale},
                     {"offset", read->offset}};
  return absl::StrCat(head.dump(-1, ' ', true, json::error_handler_t::replace), "\n", *encoded);
}

absl::StatusOr<KerasModel> ParseAnswer(std::string answer, const std::string& source,
                                       Notes* notes) {
  const size_t end = answer.find('\n');
  if (end == std::string::npos) return absl::InternalError("the reader gave no answer");
  CONVOY_ASSIGN_OR_RETURN(const json head, ParseJsonObject(answer.substr(0, end), source));
  const JsonFields fields(&head, source);
  KerasModel result;
  CONVOY_ASSIGN_OR_RETURN(result.rescales, fields.BoolOr("rescales", false));
  CONVOY_ASSIGN_OR_RETURN(result.scale, fields.NumberOr("scale", 1));
  CONVOY_ASSIGN_OR_RETURN(result.offset, fields.NumberOr("offset", 0));
  if (const json* listed = fields.Find("notes"); listed != nullptr && notes != nullptr) {
    for (const json& note : *listed) {
      if (!note.is_string()) continue;
      notes->push_back(note.get<std::string>());
      std::replace(notes->back().begin(), notes->back().end(), '\n', ' ');
    }
  }
  answer.erase(0, end + 1);
  CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                          formats::ContainerReader::Parse(std::move(answer), source));
  CONVOY_ASSIGN_OR_RETURN(result.model, formats::DecodeModel(container));
  return result;
}

// What people call a model, too, and Keras cannot load any more.
absl::Status CheckPath(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(fs::path(path) / "saved_model.pb", ignored)) {
    return InvalidArgumentTextError(
        "$0: is a SavedModel folder; load it in TensorFlow and save the model as .keras or .h5",
        path);
  }
  const struct {
    const char* ending;
    const char* tool;
  } others[] = {{".pb", "TensorFlow"},
                {".onnx", "ONNX"},
                {".tflite", "TensorFlow Lite"},
                {".pt", "PyTorch"},
                {".pth", "PyTorch"}};
  for (const auto& other : others) {
    if (!absl::EndsWithIgnoreCase(path, other.ending) || !fs::exists(path, ignored)) continue;
    return InvalidArgumentTextError(
        "$0: is a file of $1, which Convoy does not read; save the model from Keras as .keras or "
        ".h5",
        path, other.tool);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KerasModel> DecodeKeras(const std::string& bytes, const std::string& source,
                                       const KerasReadOptions& options, Notes* notes) {
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
                                      [&] { return Answer(bytes, source, options); }));
  return ParseAnswer(std::move(answer), source, notes);
}

absl::StatusOr<KerasModel> ReadKeras(const std::string& path, const KerasReadOptions& options,
                                     Notes* notes) {
  CONVOY_RETURN_IF_ERROR(CheckPath(path));
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, formats::kMaxFileBytes));
  return DecodeKeras(bytes, path, options, notes);
}

}  // namespace convoy::exports
