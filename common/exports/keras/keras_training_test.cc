#include "common/exports/keras/keras_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace convoy::exports {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Import(const std::string& optimizer_config, Notes* notes) {
  return RecipeFromTrainingConfig(
      json::parse(R"({"loss": "categorical_crossentropy", "optimizer_config": )" +
                  optimizer_config + "}"),
      notes);
}

TEST(KerasTrainingConfigTest, HasTheKeysThatBothVersionsLoad) {
  const json config = json::parse(
      (*KerasTrainingConfig("optimizer { name: 'adam' learning_rate: 0.01 }")).value().dump());
  EXPECT_EQ(config["loss"], "sparse_categorical_crossentropy");
  EXPECT_TRUE(config.contains("loss_weights"));
  const json& optimizer = config["optimizer_config"];
  EXPECT_EQ(optimizer["class_name"], "Adam");
  EXPECT_EQ(optimizer["config"]["learning_rate"], 0.01);
  // Convoy's defaults, where the recipe says nothing.
  EXPECT_EQ(optimizer["config"]["beta_2"], 0.999);
  EXPECT_EQ(optimizer["config"]["epsilon"], 1e-7);
  // Keras 3 refuses these.
  for (const char* key : {"jit_compile", "is_legacy_optimizer"}) {
    EXPECT_FALSE(optimizer["config"].contains(key));
  }
}

TEST(KerasTrainingConfigTest, WithoutAnOptimizerThereIsNone) {
  EXPECT_FALSE(KerasTrainingConfig("").value().has_value());
  EXPECT_FALSE(KerasTrainingConfig("batch_size: 128").value().has_value());
  EXPECT_FALSE(KerasTrainingConfig("optimizer { name: 'adamw' }").value().has_value());
  EXPECT_EQ(KerasTrainingConfig("nonsense { }").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(KerasTrainingConfigTest, GoesThereAndBack) {
  for (const std::string& recipe :
       {std::string("optimizer {\n  name: \"adam\"\n  learning_rate: 0.0012345678901234567\n"
                    "  beta_1: 0.8\n  beta_2: 0.95\n  epsilon: 1e-07\n}\n"),
        std::string("optimizer {\n  name: \"sgd\"\n  learning_rate: 0.1\n  momentum: 0.9\n"
                    "  nesterov: true\n}\n"),
        std::string("optimizer {\n  name: \"rmsprop\"\n  learning_rate: 0.1\n  momentum: 0.5\n"
                    "  epsilon: 1e-06\n  rho: 0.8\n}\n")}) {
    const json config = json::parse(KerasTrainingConfig(recipe).value().value().dump());
    Notes notes;
    const std::string back = RecipeFromTrainingConfig(config, &notes);
    EXPECT_THAT(notes, IsEmpty());
    const json again = json::parse(KerasTrainingConfig(back).value().value().dump());
    EXPECT_EQ(again, config) << back;
  }
}

TEST(RecipeFromTrainingConfigTest, ReadsKeras2AndKeras3) {
  Notes notes;
  for (const char* optimizer :
       {R"({"class_name": "Adam", "config": {"name": "Adam", "lr": 0.5, "decay": 0.0,
            "amsgrad": false}})",
        R"({"class_name": "Custom>Adam", "config": {"name": "Adam", "weight_decay": null,
            "clipnorm": null, "use_ema": false, "ema_momentum": 0.99,
            "ema_overwrite_frequency": 100, "jit_compile": true, "is_legacy_optimizer": false,
            "learning_rate": 0.5}})",
        R"({"module": "keras.optimizers", "class_name": "Adam", "registered_name": null,
            "config": {"name": "adam", "learning_rate": 0.5, "loss_scale_factor": null,
            "gradient_accumulation_steps": null, "ema_momentum": 0.99}})"}) {
    EXPECT_EQ(Import(optimizer, &notes),
              "optimizer {\n  name: \"adam\"\n  learning_rate: 0.5\n}\n");
  }
  EXPECT_THAT(notes, IsEmpty());
}

TEST(RecipeFromTrainingConfigTest, NotesWhatItCannotTake) {
  Notes notes;
  EXPECT_EQ(Import(R"({"class_name": "Nadam", "config": {}})", &notes), "");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("the optimizer \"Nadam\" is not imported; ")));
  notes.clear();
  EXPECT_EQ(Import(R"({"class_name": "SGD", "config": {"momentum": 0.5, "clipnorm": 1.0,
      "learning_rate": {"class_name": "CosineDecay", "config": {}}}})",
                   &notes),
            "optimizer {\n  name: \"sgd\"\n  momentum: 0.5\n}\n");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("learning_rate is not imported: {\"class_name\""),
                                 "the optimizer's \"clipnorm\" is not imported: 1.0"));
}

TEST(RecipeFromTrainingConfigTest, SettingsOfOtherOptimizersAreNoted) {
  Notes notes;
  EXPECT_EQ(Import(R"({"class_name": "AdamW", "config": {"weight_decay": 0.01}})", &notes),
            "optimizer {\n  name: \"adamw\"\n  weight_decay: 0.01\n}\n");
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(
      Import(R"({"class_name": "Adam", "config": {"weight_decay": 0.01, "rho": 0.5}})", &notes),
      "optimizer {\n  name: \"adam\"\n}\n");
  EXPECT_THAT(notes, ElementsAre("the optimizer's \"rho\" is not imported: 0.5",
                                 "the optimizer's \"weight_decay\" is not imported: 0.01"));
  notes.clear();
  EXPECT_EQ(Import(R"({"class_name": "RMSprop", "config": {"centered": true}})", &notes),
            "optimizer {\n  name: \"rmsprop\"\n}\n");
  EXPECT_THAT(notes, ElementsAre("the optimizer's \"centered\" is not imported: true"));
}

TEST(RecipeFromTrainingConfigTest, AnythingElseIsANote) {
  for (const char* config : {"3", "null", "{}", R"({"class_name": 3})",
                             R"({"class_name": "Adam", "config": {"lr": -1}})",
                             R"({"class_name": "Adam", "config": {"lr": 1e300}})",
                             R"({"class_name": "Adam", "config": {"beta_1": 1}})"}) {
    Notes notes;
    EXPECT_EQ(Import(config, &notes), "") << config;
    EXPECT_EQ(notes.size(), 1U) << config;
  }
}

}  // namespace
}  // namespace convoy::exports
