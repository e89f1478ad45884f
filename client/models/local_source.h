// A model file on this computer, evaluated and asked here.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/models/model_source.h"

namespace convoy::client {

// `named` is a file or a run directory. Returns ModelPath's and LoadedModel::Load's errors.
absl::StatusOr<std::unique_ptr<ModelSource>> OpenLocalModel(const std::string& named);

}  // namespace convoy::client
