// The formats in which a model can be taken elsewhere, and the check that what was written there
// says the same. `convoy export` calls nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

enum class ExportFormat { kKeras, kTfjs, kOnnx };

// Returns the format called "keras", "tfjs" or "onnx". Returns INVALID_ARGUMENT, with the nearest
// name, for another one.
absl::StatusOr<ExportFormat> ParseExportFormat(std::string_view name);

// Returns the name of the format, as above.
const char* FormatName(ExportFormat format);

// Returns the format that the ending of `path` is for: .h5, .hdf5, .keras and .onnx; nullopt for
// others, which may be a folder for TensorFlow.js.
std::optional<ExportFormat> FormatOfPath(std::string_view path);

// Writes `path`: an .h5 file, or a .keras archive where it ends so; a folder; or an .onnx file.
// The network and layers have names that Keras takes (WithKerasNames), but in an .onnx file their
// own. Errors as WriteKerasH5, WriteKerasArchive, WriteTfjs and WriteOnnx.
absl::Status WriteExport(ExportFormat format, const std::string& path,
                         const formats::ModelFile& model);

// By how much two programs may differ that add up the same products in other orders.
inline constexpr double kProbabilityTolerance = 1e-5;

struct ExportCheck {
  int64_t images = 0;
  double largest_difference = 0;  // of any probability of any image
  int64_t other_answers = 0;      // images whose most probable class differs
};

// Reads what WriteExport wrote back from `path`, runs it over all of `images` and compares the
// probabilities with those that Convoy computes for `model`. The file's side shares no code with
// Convoy's kernels: plain loops in double precision, for ONNX over the graph that the file holds.
// Returns INTERNAL, with the numbers, if a probability differs by more than kProbabilityTolerance;
// INVALID_ARGUMENT if the images do not fit the network or there is none; the errors of reading the
// file. Takes about 10 ms an image of the notebook's network.
absl::StatusOr<ExportCheck> VerifyExport(ExportFormat format, const std::string& path,
                                         const formats::ModelFile& model,
                                         const data::DatasetView& images);

}  // namespace convoy::exports
