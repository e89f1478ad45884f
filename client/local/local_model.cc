#include "client/local/local_model.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/local/run_directory.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/nn/model_spec.h"

namespace convoy::client {
namespace {

// Returns the checkpoint with the largest step, or "" if there is none.
std::string NewestCheckpoint(const std::string& run) {
  std::string newest;
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(run + "/checkpoints", unknown)) {
    if (entry.path().extension() == ".convoy") newest = std::max(newest, entry.path().string());
  }
  return newest;
}

// Whether the file's tensors are the network's parameters, in order.
bool WeightsFit(const formats::ModelFile& file, const nn::Network& network) {
  const std::vector<nn::Parameter> parameters = network.Parameters();
  return std::equal(parameters.begin(), parameters.end(), file.tensors.begin(), file.tensors.end(),
                    [](const nn::Parameter& parameter, const formats::NamedTensor& tensor) {
                      return parameter.shape == tensor.shape;
                    });
}

}  // namespace

bool IsLocalModel(const std::string& named) {
  return absl::EndsWith(named, ".convoy") || IsLocalRun(named);
}

absl::StatusOr<std::string> ModelPath(const std::string& named) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(named, unknown)) {
    if (PathExists(named)) return named;
    return absl::NotFoundError(absl::StrCat(
        named, ": no such file; give a model (FILE.convoy) or a run directory that holds one"));
  }
  const std::string path = (std::filesystem::path(named) / "model.convoy").string();
  if (PathExists(path)) return path;
  const std::string newest = NewestCheckpoint(named);
  if (newest.empty()) {
    return absl::NotFoundError(absl::StrCat(
        named, ": holds no model.convoy; give a run directory of a finished training"));
  }
  return absl::NotFoundError(
      absl::StrCat(named, ": this training has not finished and left no model.convoy yet; ",
                   "its newest checkpoint is a model too: ", newest));
}

absl::StatusOr<LocalModel> ReadLocalModel(const std::string& named) {
  CONVOY_ASSIGN_OR_RETURN(std::string path, ModelPath(named));
  CONVOY_ASSIGN_OR_RETURN(formats::ModelFile file, formats::ReadModel(path));
  CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec, nn::ParseModelSpec(file.model_textproto, path));
  absl::StatusOr<nn::Network> network = nn::Network::Create(spec);
  if (!network.ok()) return Annotate(network.status(), path);
  if (!WeightsFit(file, *network)) {
    return absl::DataLossError(
        absl::StrCat(path, ": its weights are not those of the network that it describes"));
  }
  return LocalModel{std::move(path), std::move(file), *std::move(network)};
}

}  // namespace convoy::client
