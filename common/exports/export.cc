// One list of formats: what a format is called, which endings it has, who writes and verifies it.
#include "common/exports/export.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/exports/keras/keras_archive.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_names.h"
#include "common/exports/keras/keras_reader.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/onnx/onnx.h"
#include "common/exports/probabilities.h"
#include "common/exports/tfjs/tfjs.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {
namespace {

// What the file at `path` makes of the images: [count, classes].
absl::StatusOr<std::vector<double>> FileProbabilities(ExportFormat format, const std::string& path,
                                                      const data::DatasetView& images) {
  switch (format) {
    case ExportFormat::kKeras: {
      CONVOY_ASSIGN_OR_RETURN(const KerasModel file, ReadKeras(path));
      return ReferenceProbabilities(file.model, images);
    }
    case ExportFormat::kTfjs: {
      CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, ReadTfjs(path));
      return ReferenceProbabilities(model, images);
    }
    case ExportFormat::kOnnx: {
      CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, formats::kMaxFileBytes));
      absl::StatusOr<std::vector<double>> probabilities = OnnxProbabilities(bytes, images);
      if (!probabilities.ok()) return Annotate(probabilities.status(), path);
      return probabilities;
    }
  }
  return absl::InvalidArgumentError("unknown format");
}

// Both hold [count, classes].
ExportCheck Compare(const std::vector<double>& expected, const std::vector<double>& actual,
                    int64_t count) {
  ExportCheck check{.images = count};
  const auto classes = static_cast<std::ptrdiff_t>(expected.size()) / count;
  for (int64_t image = 0; image < count; ++image) {
    const auto a = expected.begin() + image * classes;
    const auto b = actual.begin() + image * classes;
    for (std::ptrdiff_t c = 0; c < classes; ++c) {
      // Also true if one is not a number.
      if (!(std::abs(a[c] - b[c]) <= check.largest_difference)) {
        check.largest_difference = std::abs(a[c] - b[c]);
      }
    }
    check.other_answers +=
        std::max_element(a, a + classes) - a != std::max_element(b, b + classes) - b;
  }
  return check;
}

}  // namespace

absl::StatusOr<ExportFormat> ParseExportFormat(std::string_view name) {
  if (name == "keras") return ExportFormat::kKeras;
  if (name == "tfjs") return ExportFormat::kTfjs;
  if (name == "onnx") return ExportFormat::kOnnx;
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown format '", std::string(name), "'",
      DidYouMean(std::string(name), {"keras", "tfjs", "onnx"}), " (known: keras, tfjs, onnx)"));
}

const char* FormatName(ExportFormat format) {
  switch (format) {
    case ExportFormat::kKeras:
      return "keras";
    case ExportFormat::kTfjs:
      return "tfjs";
    case ExportFormat::kOnnx:
      return "onnx";
  }
  return "";
}

std::optional<ExportFormat> FormatOfPath(std::string_view path) {
  for (const char* ending : {".h5", ".hdf5", ".keras"}) {
    if (path.ends_with(ending)) return ExportFormat::kKeras;
  }
  if (path.ends_with(".onnx")) return ExportFormat::kOnnx;
  return std::nullopt;
}

absl::Status WriteExport(ExportFormat format, const std::string& path,
                         const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile named, WithKerasNames(model));
  switch (format) {
    case ExportFormat::kKeras:
      return path.ends_with(".keras") ? WriteKerasArchive(path, named) : WriteKerasH5(path, named);
    case ExportFormat::kTfjs:
      return WriteTfjs(path, named);
    case ExportFormat::kOnnx:
      return WriteOnnx(path, model);
  }
  return absl::InvalidArgumentError("unknown format");
}

absl::StatusOr<ExportCheck> VerifyExport(ExportFormat format, const std::string& path,
                                         const formats::ModelFile& model,
                                         const data::DatasetView& images) {
  if (images.count == 0) return InvalidArgumentTextError("there are no images to compare with");
  CONVOY_ASSIGN_OR_RETURN(const std::vector<double> expected, ConvoyProbabilities(model, images));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<double> actual,
                          FileProbabilities(format, path, images));
  if (actual.size() != expected.size()) {
    return absl::InternalError(absl::StrCat(path, ": is not this model: it has other classes"));
  }
  const ExportCheck check = Compare(expected, actual, images.count);
  if (check.largest_difference <= kProbabilityTolerance) return check;
  return absl::InternalError(absl::StrCat(
      path, ": does not say what the model says: over ", check.images,
      " images a probability differs by ", check.largest_difference, " (", kProbabilityTolerance,
      " is allowed) and ", check.other_answers, " answers differ; please report this"));
}

}  // namespace convoy::exports
