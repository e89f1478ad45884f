#include "worker/train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/recipes/default_recipe.h"
#include "common/textproto/text_proto.h"

namespace convoy::train {
namespace {

using ::testing::HasSubstr;

v1::Recipe ParseRecipe(const std::string& text) {
  v1::Recipe recipe;
  EXPECT_TRUE(ParseTextProto(text, "test", &recipe).ok());
  EXPECT_TRUE(ResolveModel(&recipe).ok());
  return recipe;
}

v1::Recipe DefaultWith(const std::string& text) {
  v1::Recipe recipe = recipes::DefaultRecipe();
  recipe.MergeFrom(ParseRecipe(text));
  EXPECT_TRUE(ResolveModel(&recipe).ok());
  return recipe;
}

std::string CheckError(const std::string& text) {
  const auto recipe = CheckRecipe(DefaultWith(text));
  EXPECT_EQ(recipe.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(recipe.status().message());
}

TEST(RecipeTest, DefaultIsTheNotebooks) {
  const Recipe recipe = CheckRecipe(DefaultWith("")).value();
  EXPECT_EQ(recipe.model.name, "notebook");
  EXPECT_EQ(recipe.batch_size, 128);
  EXPECT_EQ(recipe.optimizer.epsilon, 1e-7);
  EXPECT_TRUE(recipe.exact_reduce);
}

TEST(RecipeTest, TextRoundTrip) {
  const v1::Recipe recipe = DefaultWith("seed: 7 optimizer { learning_rate: 0.1 }");
  EXPECT_EQ(RecipeToText(ParseRecipe(RecipeToText(recipe))), RecipeToText(recipe));
}

TEST(RecipeTest, SenselessValuesNameTheirFlag) {
  EXPECT_THAT(CheckError("batch_size: 0"), HasSubstr("batch_size: must be from 1"));
  EXPECT_THAT(CheckError("micro_batch: -3"), HasSubstr("micro_batch"));
  EXPECT_THAT(CheckError("epochs: 0"), HasSubstr("epochs: "));
  EXPECT_THAT(CheckError("optimizer { learning_rate: nan }"), HasSubstr("learning"));
  EXPECT_THAT(CheckError("optimizer { name: 'adan' }"), HasSubstr("did you mean 'adam'?"));
  EXPECT_THAT(CheckError("reduce: 'ring'"), HasSubstr("reduce: must be exact or mpi"));
}

TEST(RecipeTest, UnknownModelNamesTheFlagAndTheNearestName) {
  v1::Recipe recipe;
  recipe.set_model_name("lenet");
  EXPECT_THAT(std::string(ResolveModel(&recipe).message()),
              HasSubstr("model: no network is called 'lenet'; did you mean 'lenet5'?"));
}

TEST(ContinueRecipeTest, EpochsMayGrowOnly) {
  const v1::Recipe base = DefaultWith("");
  EXPECT_EQ(ContinueRecipe(base, ParseRecipe("epochs: 9")).value().epochs(), 9);
  EXPECT_EQ(ContinueRecipe(base, ParseRecipe("")).value().epochs(), 5);
  EXPECT_THAT(std::string(ContinueRecipe(base, ParseRecipe("epochs: 2")).status().message()),
              HasSubstr("epochs: "));
}

// The kernels must be the checkpoint's, whether --isa chose them or the machine.
TEST(ContinueRecipeTest, IsaStaysAsTheRunWasStarted) {
  EXPECT_FALSE(ContinueRecipe(DefaultWith(""), ParseRecipe("isa: 'avx2'")).value().has_isa());
  EXPECT_EQ(ContinueRecipe(DefaultWith("isa: 'avx2'"), ParseRecipe("")).value().isa(), "avx2");
}

TEST(RecipeTest, AnExchangeOfFloatsIsNotWritten) {
  EXPECT_EQ(RecipeToText(CompleteRecipe(ParseRecipe("exchange: 'float32'")).value()),
            RecipeToText(CompleteRecipe({}).value()));
  EXPECT_EQ(CompleteRecipe(ParseRecipe("exchange: 'bfloat16'")).value().exchange(), "bfloat16");
}

TEST(ContinueRecipeTest, AnExchangeOfFloatsIsThatOfARunThatSaysNothing) {
  const v1::Recipe floats = DefaultWith("");
  EXPECT_FALSE(ContinueRecipe(floats, ParseRecipe("exchange: 'float32'")).value().has_exchange());
  EXPECT_THAT(
      std::string(ContinueRecipe(floats, ParseRecipe("exchange: 'bfloat16'")).status().message()),
      HasSubstr("exchange: differs"));
  const v1::Recipe rounded = DefaultWith("exchange: 'bfloat16'");
  EXPECT_EQ(ContinueRecipe(rounded, ParseRecipe("")).value().exchange(), "bfloat16");
  EXPECT_FALSE(ContinueRecipe(rounded, ParseRecipe("exchange: 'float32'")).ok());
}

TEST(ContinueRecipeTest, OtherValuesMustBeTheRuns) {
  const v1::Recipe base = DefaultWith("seed: 3");
  EXPECT_TRUE(ContinueRecipe(base, ParseRecipe("seed: 3 model_name: 'notebook'")).ok());
  const auto message = [&](const std::string& asked) {
    const auto recipe = ContinueRecipe(base, ParseRecipe(asked));
    EXPECT_EQ(recipe.status().code(), absl::StatusCode::kFailedPrecondition) << asked;
    return std::string(recipe.status().message());
  };
  EXPECT_THAT(message("seed: 4"), HasSubstr("seed: differs"));
  EXPECT_THAT(message("model_name: 'lenet5'"), HasSubstr("model: differs"));
  EXPECT_THAT(message("optimizer { learning_rate: 0.5 }"),
              HasSubstr("optimizer.learning_rate: differs"));
}

}  // namespace
}  // namespace convoy::train
