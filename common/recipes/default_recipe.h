// What a recipe is where it says nothing.
#pragma once

#include "convoy/v1/recipe.pb.h"

namespace convoy::recipes {

// Returns the reference recipe: the notebook's network and training.
v1::Recipe DefaultRecipe();

}  // namespace convoy::recipes
