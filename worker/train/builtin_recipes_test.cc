#include "common/recipes/builtin_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/train/recipe.h"

namespace convoy::train {
namespace {

using recipes::BuiltinRecipeNames;
using recipes::LoadRecipe;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(BuiltinRecipesTest, AllCanBeTrained) {
  EXPECT_THAT(BuiltinRecipeNames(), Contains("improved"));
  for (const std::string& name : BuiltinRecipeNames()) {
    const auto asked = LoadRecipe(name);
    ASSERT_TRUE(asked.ok()) << asked.status();
    const auto recipe = CompleteRecipe(*asked);
    ASSERT_TRUE(recipe.ok()) << recipe.status();
    EXPECT_TRUE(CheckRecipe(*recipe).ok()) << name << ": " << CheckRecipe(*recipe).status();
  }
}

TEST(BuiltinRecipesTest, UnknownNameTellsTheNearest) {
  const auto recipe = LoadRecipe("improve");
  EXPECT_EQ(recipe.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(recipe.status().message()),
              HasSubstr("no recipe is called 'improve'; did you mean 'improved'?"));
}

TEST(BuiltinRecipesTest, MissingFileIsNamed) {
  const auto recipe = LoadRecipe("/no/such/recipe.textproto");
  EXPECT_EQ(recipe.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(recipe.status().message()), HasSubstr("/no/such/recipe.textproto"));
}

}  // namespace
}  // namespace convoy::train
