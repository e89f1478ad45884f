// TensorFlow.js: the folder of a layers model, which tf.loadLayersModel reads.
// docs/exports.md tells what is in it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/exports/tfjs/folder.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::exports {

// The weights are cut into files of this size, as TensorFlow's converter does it.
inline constexpr size_t kTfjsShardBytes = size_t{4} << 20;

// Returns INVALID_ARGUMENT for a layer that TensorFlow.js does not have, or refuses to load: a
// normalization of groups, ELU with another alpha than 1.
absl::Status CheckTfjsHasLayers(const nn::Network& network);

// Returns the folder's files: model.json, then the weights, group1-shard1ofN.bin and so on; the
// same bytes for the same content. Returns INVALID_ARGUMENT as EncodeKerasH5 and
// CheckTfjsHasLayers do.
absl::StatusOr<std::vector<FolderFile>> EncodeTfjs(const formats::ModelFile& model);

// Makes `path` such a folder, as WriteFolderAtomically does; an earlier model there is replaced.
absl::Status WriteTfjs(const std::string& path, const formats::ModelFile& model);

// Reads a folder that WriteTfjs made. For checking it: the converter of TensorFlow writes forms
// that this does not read. Errors name the folder: INVALID_ARGUMENT, DATA_LOSS and those of
// ReadFile.
absl::StatusOr<formats::ModelFile> ReadTfjs(const std::string& path);

}  // namespace convoy::exports
