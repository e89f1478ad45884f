// Keras's model files, whichever of its forms: .keras archives, .h5 files, and files of weights
// alone. docs/exports.md tells the layouts and what is taken of them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/exports/keras/keras_config.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

struct KerasReadOptions {
  // The network of a file that holds weights alone: the name of a built-in one, or a file.
  std::string network;
  KerasImageSize image_size;
};

// A model and what its file's own network is given first: it begins with Rescaling layers if
// `rescales`, and the network in `model` is to be given what they make of a value: value * scale +
// offset.
struct KerasModel {
  formats::ModelFile model;
  bool rescales = false;
  double scale = 1;
  double offset = 0;
};

// Returns the model in the bytes of a file that Keras 2 or 3 wrote, with every bit of its weights;
// recipe_textproto has the optimizer where Convoy has it too. What was changed to fit and what
// could not be taken is added to `notes`, a line each. Errors name the file, by `source`, and what
// in it: INVALID_ARGUMENT for what Convoy does not have and for files of other programs, DATA_LOSS
// for a damaged file. Takes any bytes without harm: they are read in a fork (isolated.h), as HDF5's
// library does not stand hostile ones. `notes` may be null. Thread-safe: one call at a time.
absl::StatusOr<KerasModel> DecodeKeras(const std::string& bytes, const std::string& source,
                                       const KerasReadOptions& options, Notes* notes);

// Reads `path`. Errors: those of ReadFile and DecodeKeras.
absl::StatusOr<KerasModel> ReadKeras(const std::string& path, const KerasReadOptions& options = {},
                                     Notes* notes = nullptr);

}  // namespace convoy::exports
