// The trainings of a sweep: a recipe with some of its values changed, each combination with each
// seed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::client {

// A value of the recipe and what it is set to, one after another.
struct Choice {
  std::string field;  // "learning_rate", or the whole path: "optimizer.learning_rate"
  std::vector<std::string> values;
};

struct Trial {
  std::string name;  // "learning_rate-0.001_seed-3"
  // Field and value of each choice that has several.
  std::vector<std::pair<std::string, std::string>> settings;
  uint64_t seed = 0;
  v1::Recipe recipe;
};

// Reads "FIELD=VALUE,VALUE,...". Returns INVALID_ARGUMENT if it is something else or says a value
// twice.
absl::StatusOr<Choice> ReadChoice(const std::string& text);

// Reads "1..5" or "1,2,7", or several of these with commas between. Returns INVALID_ARGUMENT for
// anything else, a seed that is there twice, and more than 1000.
absl::StatusOr<std::vector<uint64_t>> ReadSeeds(const std::string& text);

// Sets the field of the recipe, found by its path or, if only one is called so, by its name; the
// name of a part that has one (optimizer, schedule, model) sets that. Returns INVALID_ARGUMENT for
// a field that is not there, with the nearest name, and for a value that it cannot have.
absl::Status SetField(const std::string& field, const std::string& value, v1::Recipe* recipe);

// Returns a trial for each combination of the choices' values and each seed, the seeds changing
// fastest. Returns SetField's errors, and INVALID_ARGUMENT if there are more than 1000.
absl::StatusOr<std::vector<Trial>> MakeTrials(const v1::Recipe& recipe,
                                              const std::vector<Choice>& choices,
                                              const std::vector<uint64_t>& seeds);

}  // namespace convoy::client
