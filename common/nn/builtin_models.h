// The networks that come with Convoy: models/*.textproto, built into the programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/nn/model_spec.h"

namespace convoy::nn {

// Returns the names, sorted.
std::vector<std::string> BuiltinModelNames();

// Reads a built-in network by its name, or a file where `name_or_path` ends in ".textproto" or has
// a
// '/'. Returns NOT_FOUND with the nearest known name, or what ParseModelSpec says.
absl::StatusOr<ModelSpec> LoadModelSpec(const std::string& name_or_path);

}  // namespace convoy::nn
