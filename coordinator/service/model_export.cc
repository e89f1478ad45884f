#include "coordinator/service/model_export.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_archive.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_names.h"
#include "common/exports/keras/zip_archive.h"
#include "common/exports/onnx/onnx.h"
#include "common/exports/tfjs/tfjs.h"
#include "common/formats/container.h"
#include "common/formats/model_file.h"

namespace convoy::coordinator {
namespace {

absl::StatusOr<formats::ModelFile> Decode(std::string bytes, const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(const auto container,
                          formats::ContainerReader::Parse(std::move(bytes), id));
  return formats::DecodeModel(container);
}

absl::StatusOr<std::string> EncodeTfjsArchive(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(std::vector<exports::FolderFile> files, exports::EncodeTfjs(model));
  std::vector<exports::ZipEntry> entries;
  for (exports::FolderFile& file : files) {
    entries.push_back({.name = std::move(file.name), .content = std::move(file.content)});
  }
  return exports::WriteZip(entries);
}

struct Format {
  v1::ExportFormat format;
  const char* ending;
  absl::StatusOr<std::string> (*encode)(const formats::ModelFile& model);
};

constexpr Format kFormats[] = {{v1::KERAS_H5, ".h5", &exports::EncodeKerasH5},
                               {v1::KERAS_ARCHIVE, ".keras", &exports::EncodeKerasArchive},
                               {v1::TFJS, "-tfjs.zip", &EncodeTfjsArchive},
                               {v1::ONNX, ".onnx", &exports::EncodeOnnx}};

}  // namespace

absl::StatusOr<ExportedFile> ExportModel(v1::ExportFormat format, const std::string& id,
                                         std::string model_bytes) {
  for (const Format& known : kFormats) {
    if (known.format != format) continue;
    const absl::StatusOr<formats::ModelFile> model = Decode(std::move(model_bytes), id);
    // What is stored was a model when it came, so it is the file that is wrong, not the request.
    if (!model.ok()) return absl::DataLossError(model.status().message());
    const bool renames = format != v1::ONNX;  // Keras takes fewer names than we
    CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile named,
                            renames ? exports::WithKerasNames(*model) : model);
    absl::StatusOr<std::string> bytes = known.encode(named);
    if (!bytes.ok()) return Annotate(bytes.status(), "format");
    return ExportedFile{.name = absl::StrCat(id, known.ending), .bytes = *std::move(bytes)};
  }
  return absl::InvalidArgumentError(
      "format: choose KERAS_H5, KERAS_ARCHIVE, TFJS or ONNX; api.md tells what they are for");
}

}  // namespace convoy::coordinator
