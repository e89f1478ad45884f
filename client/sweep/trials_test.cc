#include "client/sweep/trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TrialsTest, SeedsAreRangesAndLists) {
  EXPECT_THAT(*ReadSeeds("1..3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(*ReadSeeds("7"), ElementsAre(7));
  EXPECT_THAT(*ReadSeeds("1..2,9"), ElementsAre(1, 2, 9));
  for (const char* wrong :
       {"", "x", "3..1", "1..", "..2", "1,,2", "-1", "1..2000", "1,1", "0..18446744073709551615"}) {
    EXPECT_EQ(ReadSeeds(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(TrialsTest, ChoicesAreAFieldAndItsValues) {
  const Choice choice = *ReadChoice("learning_rate=0.001,0.002");
  EXPECT_EQ(choice.field, "learning_rate");
  EXPECT_THAT(choice.values, ElementsAre("0.001", "0.002"));
  for (const char* wrong : {"", "learning_rate", "=1", "learning_rate=", "learning_rate=1,1"}) {
    EXPECT_FALSE(ReadChoice(wrong).ok()) << wrong;
  }
}

TEST(TrialsTest, FieldsAreFoundByNameAndByPath) {
  v1::Recipe recipe;
  EXPECT_TRUE(SetField("learning_rate", "0.5", &recipe).ok());
  EXPECT_EQ(recipe.optimizer().learning_rate(), 0.5);
  EXPECT_TRUE(SetField("optimizer", "sgd", &recipe).ok());
  EXPECT_EQ(recipe.optimizer().name(), "sgd");
  EXPECT_TRUE(SetField("schedule.warmup_epochs", "2", &recipe).ok());
  EXPECT_EQ(recipe.schedule().warmup_epochs(), 2);
  EXPECT_TRUE(SetField("model", "lenet5", &recipe).ok());
  EXPECT_EQ(recipe.model_name(), "lenet5");
  EXPECT_TRUE(SetField("nesterov", "true", &recipe).ok());
  EXPECT_TRUE(recipe.optimizer().nesterov());
}

TEST(TrialsTest, WrongFieldsAndValuesAreNamed) {
  v1::Recipe recipe;
  const auto error = [&](const std::string& field, const std::string& value) {
    return std::string(SetField(field, value, &recipe).message());
  };
  EXPECT_THAT(error("learning_rat", "1"), HasSubstr("did you mean 'learning_rate'?"));
  EXPECT_THAT(error("patience", "1"),
              HasSubstr("reduce_on_plateau.patience or early_stopping.patience"));
  EXPECT_THAT(error("epochs", "many"), HasSubstr("epochs: cannot be 'many'"));
  EXPECT_THAT(error("epochs", "2 seed: 3"), HasSubstr("cannot be"));
  EXPECT_THAT(error("name", "x"), HasSubstr("no value 'name'"));
}

TEST(TrialsTest, EveryCombinationWithEverySeed) {
  v1::Recipe recipe;
  recipe.set_epochs(3);
  const auto trials = *MakeTrials(
      recipe, {{"learning_rate", {"0.1", "0.2"}}, {"model", {"a/b", "c"}}, {"epochs", {"3"}}},
      {1, 2});
  ASSERT_EQ(trials.size(), 8u);
  EXPECT_EQ(trials[0].name, "learning_rate-0.1_model-a-b_seed-1");
  EXPECT_EQ(trials[1].name, "learning_rate-0.1_model-a-b_seed-2");
  EXPECT_EQ(trials[7].recipe.optimizer().learning_rate(), 0.2);
  EXPECT_EQ(trials[7].recipe.seed(), 2u);
  EXPECT_EQ(trials[7].recipe.epochs(), 3);
  EXPECT_FALSE(MakeTrials(recipe, {{"epochs", {"1", "x"}}}, {1}).ok());
}

}  // namespace
}  // namespace convoy::client
