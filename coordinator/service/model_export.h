// Models as files for other programs, made when somebody asks for them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::coordinator {

struct ExportedFile {
  std::string name;
  std::string bytes;
};

// Returns the file of the model that `model_bytes` hold, for the model called `id`: "id.h5" and so
// on; TensorFlow.js's folder as a zip archive. The same bytes for the same model. Returns
// INVALID_ARGUMENT for another format, and for a network that the format cannot express; DATA_LOSS
// for bytes that are no model. Call it on one thread at a time: HDF5 is not thread-safe.
absl::StatusOr<ExportedFile> ExportModel(v1::ExportFormat format, const std::string& id,
                                         std::string model_bytes);

}  // namespace convoy::coordinator
