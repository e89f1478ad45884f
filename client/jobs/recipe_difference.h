// What differs between the recipes of several jobs.
#pragma once

#include <string>
#include <vector>

#include "convoy/v1/recipe.pb.h"

namespace convoy::client {

// A value of the recipe that is not the same in all of them.
struct RecipeDifference {
  std::string field;                // "optimizer.learning_rate"
  std::vector<std::string> values;  // of each recipe; "-" where it has none
};

// Returns the values outside the network that differ, in the recipe's order. REQUIRES: at least one
// recipe.
std::vector<RecipeDifference> DifferingValues(const std::vector<v1::Recipe>& recipes);

// Returns the layers, a line each, that lead from one network to the other: "- " those that only
// `from` has, "+ " those that only `to` has; nothing where the networks are the same.
std::vector<std::string> DifferingLayers(const v1::Model& from, const v1::Model& to);

}  // namespace convoy::client
