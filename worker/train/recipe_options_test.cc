#include "worker/train/recipe_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/textproto/text_proto.h"
#include "worker/train/recipe.h"

namespace convoy::train {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Recipe> Check(const std::string& text) {
  v1::Recipe asked;
  EXPECT_TRUE(ParseTextProto(text, "test", &asked).ok());
  const auto recipe = CompleteRecipe(asked);
  EXPECT_TRUE(recipe.ok()) << recipe.status();
  return CheckRecipe(*recipe);
}

std::string ErrorOf(const std::string& text) {
  const auto recipe = Check(text);
  EXPECT_EQ(recipe.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(recipe.status().message());
}

TEST(RecipeOptionsTest, AllAreOffByDefault) {
  const RecipeOptions options = Check("").value().options;
  EXPECT_FALSE(options.learning_rate_changes());
  EXPECT_FALSE(options.early_stopping.has_value());
  EXPECT_EQ(options.label_smoothing, 0);
  EXPECT_FALSE(options.augmentation.any());
  const std::string text = RecipeToText(CompleteRecipe({}).value());
  for (const char* name :
       {"schedule", "plateau", "early", "smoothing", "rho", "decay", "exchange"}) {
    EXPECT_EQ(text.find(name), std::string::npos) << name;
  }
}

TEST(RecipeOptionsTest, NamedPartsGetKerasDefaults) {
  const RecipeOptions options =
      Check("reduce_on_plateau {} early_stopping {} label_smoothing: 0.1").value().options;
  EXPECT_TRUE(options.learning_rate_changes());
  EXPECT_EQ(options.reduce_on_plateau->monitor, "val_loss");
  EXPECT_EQ(options.reduce_on_plateau->patience, 10);
  EXPECT_EQ(options.reduce_on_plateau->min_delta, 1e-4);
  EXPECT_EQ(options.early_stopping->patience, 0);
  EXPECT_FALSE(options.early_stopping->restore_best_weights);
  EXPECT_EQ(options.label_smoothing, 0.1f);
}

TEST(RecipeOptionsTest, ACosineEndsWithTheEpochsThatTheRunBeganWith) {
  v1::Recipe asked;
  ASSERT_TRUE(ParseTextProto("epochs: 7 schedule { name: 'cosine' }", "test", &asked).ok());
  const v1::Recipe base = CompleteRecipe(asked).value();
  EXPECT_EQ(CheckRecipe(base).value().options.schedule.decay_epochs, 7);
  v1::Recipe more;
  more.set_epochs(9);
  const v1::Recipe longer = ContinueRecipe(base, more).value();
  EXPECT_EQ(longer.epochs(), 9);
  EXPECT_EQ(CheckRecipe(longer).value().options.schedule.decay_epochs, 7);
}

TEST(RecipeOptionsTest, OptimizersHaveTheirOwnValues) {
  EXPECT_EQ(Check("optimizer { name: 'adamw' }").value().optimizer.weight_decay, 0.004);
  EXPECT_EQ(Check("optimizer { name: 'rmsprop' }").value().optimizer.rho, 0.9);
  EXPECT_THAT(ErrorOf("optimizer { weight_decay: 0.1 }"),
              HasSubstr("optimizer.weight_decay: is for the optimizer adamw only"));
  EXPECT_THAT(ErrorOf("optimizer { rho: 0.1 }"), HasSubstr("optimizer.rho: is for"));
  EXPECT_THAT(ErrorOf("optimizer { momentum: 0.9 }"), HasSubstr("optimizer.momentum: is for"));
  EXPECT_THAT(ErrorOf("optimizer { name: 'rmsprop' nesterov: true }"),
              HasSubstr("optimizer.nesterov: is for the optimizer sgd only"));
  EXPECT_THAT(ErrorOf("optimizer { name: 'sgd' beta_1: 0.5 }"), HasSubstr("optimizer.beta_1: is"));
  EXPECT_THAT(ErrorOf("optimizer { name: 'sgd' beta_2: 0.5 }"), HasSubstr("optimizer.beta_2: is"));
  EXPECT_THAT(ErrorOf("optimizer { name: 'sgd' epsilon: 1 }"), HasSubstr("optimizer.epsilon: is"));
  EXPECT_TRUE(Check("optimizer { name: 'rmsprop' momentum: 0.9 }").ok());
  EXPECT_TRUE(Check("optimizer { name: 'sgd' beta_1: 0.9 }").ok());  // as every run's recipe says
}

TEST(RecipeOptionsTest, TheExchangeIsOfFloatsUnlessTheRecipeSaysSo) {
  EXPECT_EQ(Check("").value().options.exchange, step::Exchange::kFloat32);
  EXPECT_EQ(Check("exchange: 'float32'").value().options.exchange, step::Exchange::kFloat32);
  EXPECT_EQ(Check("exchange: 'bfloat16'").value().options.exchange, step::Exchange::kBfloat16);
  EXPECT_TRUE(Check("exchange: 'float32' reduce: 'mpi'").ok());
  EXPECT_THAT(ErrorOf("exchange: 'bfloat16' reduce: 'mpi'"),
              HasSubstr("exchange: bfloat16 is for the exact reduction"));
  EXPECT_THAT(ErrorOf("exchange: 'bfloat'"), HasSubstr("did you mean 'bfloat16'?"));
  EXPECT_THAT(ErrorOf("exchange: 'half'"), HasSubstr("known: float32, bfloat16"));
}

TEST(RecipeOptionsTest, LearningRateFollowsTheBatchSize) {
  const auto rate = [](const std::string& text) {
    return Check(text + " optimizer { learning_rate: 0.5 }").value().optimizer.learning_rate;
  };
  EXPECT_EQ(rate("batch_size: 512"), 0.5);
  EXPECT_EQ(rate("batch_size: 512 learning_rate_scaling: 'none'"), 0.5);
  EXPECT_EQ(rate("batch_size: 512 learning_rate_scaling: 'linear'"), 2);
  EXPECT_EQ(rate("batch_size: 512 learning_rate_scaling: 'sqrt'"), 1);
  EXPECT_EQ(rate("batch_size: 128 learning_rate_scaling: 'sqrt'"), 0.5);
  EXPECT_THAT(ErrorOf("learning_rate_scaling: 'liner'"),
              HasSubstr("learning_rate_scaling: unknown rule 'liner'; did you mean 'linear'?"));
}

TEST(RecipeOptionsTest, SenselessValuesNameTheirField) {
  EXPECT_THAT(ErrorOf("schedule { name: 'cosin' }"),
              HasSubstr("schedule.name: unknown schedule 'cosin'; did you mean 'cosine'?"));
  EXPECT_THAT(ErrorOf("schedule { name: 'step' }"), HasSubstr("schedule.step_epochs: is 0"));
  EXPECT_THAT(ErrorOf("schedule { name: 'cosine' step_epochs: 3 }"),
              HasSubstr("schedule.step_epochs: is for schedule.name: \"step\" only"));
  EXPECT_THAT(ErrorOf("schedule { decay_epochs: 3 }"), HasSubstr("schedule.decay_epochs: is for"));
  EXPECT_THAT(ErrorOf("reduce_on_plateau { factor: 1 }"), HasSubstr("reduce_on_plateau.factor"));
  EXPECT_THAT(ErrorOf("reduce_on_plateau { patience: 0 }"),
              HasSubstr("reduce_on_plateau.patience: must be from 1"));
  EXPECT_THAT(ErrorOf("reduce_on_plateau { min_delta: -1 }"), HasSubstr("min_delta"));
  EXPECT_THAT(ErrorOf("reduce_on_plateau { min_learning_rate: nan }"),
              HasSubstr("min_learning_rate"));
  EXPECT_THAT(ErrorOf("reduce_on_plateau {} schedule { name: 'cosine' }"),
              HasSubstr("reduce_on_plateau: does not go with a cosine schedule"));
  EXPECT_THAT(ErrorOf("early_stopping { monitor: 'val_los' }"),
              HasSubstr("early_stopping.monitor: unknown metric 'val_los'; did you mean"));
  EXPECT_THAT(ErrorOf("early_stopping {} validation_split: 0"), HasSubstr("or monitor loss"));
  EXPECT_THAT(ErrorOf("early_stopping { patience: -1 }"), HasSubstr("early_stopping.patience"));
  EXPECT_THAT(ErrorOf("augmentation { zoom: 2 }"), HasSubstr("augmentation.zoom: must be"));
  EXPECT_THAT(ErrorOf("label_smoothing: 1"), HasSubstr("label_smoothing: must be from 0"));
}

TEST(RecipeOptionsTest, ARunThatGoesOnKeepsThem) {
  v1::Recipe asked;
  ASSERT_TRUE(ParseTextProto("early_stopping { patience: 2 }", "test", &asked).ok());
  const v1::Recipe base = CompleteRecipe(asked).value();
  EXPECT_TRUE(ContinueRecipe(base, asked).ok());
  const auto message = [&](const std::string& text) {
    v1::Recipe other;
    EXPECT_TRUE(ParseTextProto(text, "test", &other).ok());
    return std::string(ContinueRecipe(base, other).status().message());
  };
  EXPECT_THAT(message("early_stopping { patience: 3 }"),
              HasSubstr("early_stopping.patience: differs"));
  EXPECT_THAT(message("schedule { name: 'cosine' }"), HasSubstr("schedule: differs"));
  EXPECT_THAT(message("label_smoothing: 0.1"), HasSubstr("label_smoothing: differs"));
}

}  // namespace
}  // namespace convoy::train
