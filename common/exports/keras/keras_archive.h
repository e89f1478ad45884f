// Keras 3's .keras archives out of a model file. docs/exports.md tells the layout.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// Returns the bytes of a .keras archive with the network and its weights, not compiled; the same
// bytes for the same content. Returns INVALID_ARGUMENT as NetworkOfModel and KerasModelConfig do,
// or if it would be larger than 2 GiB. Thread-safe: one call at a time.
absl::StatusOr<std::string> EncodeKerasArchive(const formats::ModelFile& model);

// Writes `path` atomically and durably. Errors: those of EncodeKerasArchive and the file system.
absl::Status WriteKerasArchive(const std::string& path, const formats::ModelFile& model);

}  // namespace convoy::exports
