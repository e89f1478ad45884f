// Keras's .h5 files, as model.save("model.h5") makes them: out of a model file, and back.
// docs/exports.md tells the layout and what is taken of it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/exports/keras/keras_config.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// Returns the bytes of an .h5 file that Keras 2 and 3 load: network, weights and, where the recipe
// has an optimizer, what model.compile was told; the same bytes for the same content. The state of
// the optimizer is not in it. Returns INVALID_ARGUMENT as NetworkOfModel and KerasModelConfig do.
// Thread-safe: one call at a time.
absl::StatusOr<std::string> EncodeKerasH5(const formats::ModelFile& model);

// Writes `path` atomically and durably. Errors: those of EncodeKerasH5 and the file system.
absl::Status WriteKerasH5(const std::string& path, const formats::ModelFile& model);

// Returns the model in the bytes of an .h5 file: a Sequential model saved whole by Keras 2 or 3,
// with every bit of its weights; recipe_textproto has the optimizer where Convoy has it too. What
// could not be taken and only matters in training is added to `notes`, a line each. Errors name the
// file, by `source`, and what in it: INVALID_ARGUMENT for what Convoy does not have, DATA_LOSS for
// a damaged file. Takes any bytes without harm: they are read in a fork (isolated.h), as HDF5's
// library does not stand hostile ones. Thread-safe: one call at a time.
absl::StatusOr<formats::ModelFile> DecodeKerasH5(const std::string& bytes,
                                                 const std::string& source, Notes* notes);

// Reads `path`. Errors: those of ReadFile and DecodeKerasH5. `notes` may be null.
absl::StatusOr<formats::ModelFile> ReadKerasH5(const std::string& path, Notes* notes = nullptr);

}  // namespace convoy::exports
