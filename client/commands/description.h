// Networks and recipes before they are trained: files in text format, or those that come with
// Convoy by their name.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "common/nn/model_spec.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::client {

struct Description {
  std::string where;  // the file, or the name
  nn::ModelSpec network;
  bool is_recipe = false;
  v1::Recipe recipe;  // what a recipe sets; empty of a network's description
};

// Whether `named` means a description: a file of that kind, or where nothing here is called so and
// no coordinator was named, one of Convoy's own.
bool IsDescription(const std::string& named, const Context& context);

// Reads it; a recipe's network is resolved. Returns INVALID_ARGUMENT with the line of the file for
// what is neither a network nor a recipe, and the errors of ReadFile.
absl::StatusOr<Description> ReadDescription(const std::string& named);

}  // namespace convoy::client
