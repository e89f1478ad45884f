// Keras's .h5 files, as model.save("model.h5") makes them, out of a model file; keras_reader.h
// reads them. docs/exports.md tells the layout.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// Returns the bytes of an .h5 file that Keras 2 and 3 load: network, weights and, where the recipe
// has an optimizer, what model.compile was told; the same bytes for the same content. The state of
// the optimizer is not in it. Returns INVALID_ARGUMENT as NetworkOfModel and KerasModelConfig do.
// Thread-safe: one call at a time.
absl::StatusOr<std::string> EncodeKerasH5(const formats::ModelFile& model);

// Writes `path` atomically and durably. Errors: those of EncodeKerasH5 and the file system.
absl::Status WriteKerasH5(const std::string& path, const formats::ModelFile& model);

}  // namespace convoy::exports
