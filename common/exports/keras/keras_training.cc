// What model.compile was told, both ways: a recipe's optimizer as Keras's training_config and the
// other way round, by one table of Keras's names. Every value is written out, also where it is the
// default: Keras has changed its defaults between versions.
#include "common/exports/keras/keras_training.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/exports/keras/json_fields.h"
#include "common/optim/optimizer.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::exports {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

using optim::OptimizerConfig;

// Returns the values in force: what the recipe does not say is Convoy's default.
OptimizerConfig ConfigOf(const v1::OptimizerRecipe& recipe) {
  OptimizerConfig config;
  config.kind = optim::ParseOptimizerKind(recipe.name()).value_or(config.kind);
  if (recipe.has_learning_rate()) config.learning_rate = recipe.learning_rate();
  if (recipe.has_momentum()) config.momentum = recipe.momentum();
  if (recipe.has_nesterov()) config.nesterov = recipe.nesterov();
  if (recipe.has_beta_1()) config.beta_1 = recipe.beta_1();
  if (recipe.has_beta_2()) config.beta_2 = recipe.beta_2();
  if (recipe.has_epsilon()) config.epsilon = recipe.epsilon();
  if (recipe.has_weight_decay()) config.weight_decay = recipe.weight_decay();
  if (recipe.has_rho()) config.rho = recipe.rho();
  return config;
}

ordered_json AdamConfig(const OptimizerConfig& optimizer) {
  return {{"name", "Adam"},
          {"learning_rate", optimizer.learning_rate},
          {"beta_1", optimizer.beta_1},
          {"beta_2", optimizer.beta_2},
          {"epsilon", optimizer.epsilon},
          {"amsgrad", false}};
}

ordered_json RmspropConfig(const OptimizerConfig& optimizer) {
  return {{"name", "RMSprop"},
          {"learning_rate", optimizer.learning_rate},
          {"rho", optimizer.rho},
          {"momentum", optimizer.momentum},
          {"epsilon", optimizer.epsilon},
          {"centered", false}};
}

ordered_json SgdConfig(const OptimizerConfig& optimizer) {
  return {{"name", "SGD"},
          {"learning_rate", optimizer.learning_rate},
          {"momentum", optimizer.momentum},
          {"nesterov", optimizer.nesterov}};
}

// No key that only one version knows: Keras 3 refuses tf-keras's "jit_compile" and
// "is_legacy_optimizer"; both need "loss_weights".
ordered_json CompileConfig(const char* class_name, ordered_json optimizer) {
  return {{"loss", "sparse_categorical_crossentropy"},
          {"metrics", {"accuracy"}},
          {"weighted_metrics", nullptr},
          {"loss_weights", nullptr},
          {"sample_weight_mode", nullptr},
          {"optimizer_config", {{"class_name", class_name}, {"config", std::move(optimizer)}}}};
}

// One of Keras's optimizers that Convoy has too, and the settings that it takes from it.
struct KerasOptimizer {
  struct Setting {
    const char* key;
    void (v1::OptimizerRecipe::*set)(double);
  };
  const char* class_name;
  const char* recipe_name;
  std::vector<Setting> settings;  // besides the learning rate and Nesterov's momentum
};

const std::vector<KerasOptimizer>& Optimizers() {
  using Recipe = v1::OptimizerRecipe;
  static const auto* const kOptimizers = new std::vector<KerasOptimizer>{
      {"Adam",
       "adam",
       {{"beta_1", &Recipe::set_beta_1},
        {"beta_2", &Recipe::set_beta_2},
        {"epsilon", &Recipe::set_epsilon}}},
      {"AdamW",
       "adamw",
       {{"beta_1", &Recipe::set_beta_1},
        {"beta_2", &Recipe::set_beta_2},
        {"epsilon", &Recipe::set_epsilon},
        {"weight_decay", &Recipe::set_weight_decay}}},
      {"RMSprop",
       "rmsprop",
       {{"rho", &Recipe::set_rho},
        {"momentum", &Recipe::set_momentum},
        {"epsilon", &Recipe::set_epsilon}}},
      {"SGD", "sgd", {{"momentum", &Recipe::set_momentum}}},
  };
  return *kOptimizers;
}

// Settings of every optimizer that are taken, or that change nothing.
constexpr std::array kCommonSettings = {
    "name",        "learning_rate",       "lr",           "nesterov",
    "jit_compile", "is_legacy_optimizer", "ema_momentum", "ema_overwrite_frequency"};

// True for the values by which Keras says that a setting is off.
bool IsOff(const json& value) {
  return value.is_null() || value == false || (value.is_number() && value == 0);
}

// Returns a number, or nothing and a note where it is something else.
std::optional<double> Number(const JsonFields& fields, const char* key, Notes* notes) {
  const json* value = fields.Find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->get<double>();
  notes->push_back(absl::StrCat("the optimizer's ", key, " is not imported: ", BriefJson(*value)));
  return std::nullopt;
}

void ReadSettings(const KerasOptimizer& optimizer, const JsonFields& fields, Notes* notes,
                  v1::OptimizerRecipe* recipe) {
  recipe->set_name(optimizer.recipe_name);
  // Old versions call it "lr".
  const char* rate_key = fields.Find("learning_rate") == nullptr ? "lr" : "learning_rate";
  if (const auto value = Number(fields, rate_key, notes)) recipe->set_learning_rate(*value);
  for (const KerasOptimizer::Setting& setting : optimizer.settings) {
    if (const auto value = Number(fields, setting.key, notes)) (recipe->*setting.set)(*value);
  }
  if (recipe->name() != "sgd") return;
  const json* nesterov = fields.Find("nesterov");
  if (nesterov != nullptr && nesterov->is_boolean()) recipe->set_nesterov(*nesterov);
}

void NoteUnknownSettings(const KerasOptimizer& optimizer, const json* config, Notes* notes) {
  if (config == nullptr || !config->is_object()) return;
  for (const auto& [key, value] : config->items()) {
    const auto is_key = [&key = key](const auto& setting) { return key == setting.key; };
    const bool known =
        std::find(kCommonSettings.begin(), kCommonSettings.end(), key) != kCommonSettings.end() ||
        std::any_of(optimizer.settings.begin(), optimizer.settings.end(), is_key);
    if (!known && !IsOff(value)) {
      notes->push_back(
          absl::StrCat("the optimizer's ", BriefJson(key), " is not imported: ", BriefJson(value)));
    }
  }
}

const KerasOptimizer* FindOptimizer(std::string_view class_name) {
  for (const KerasOptimizer& optimizer : Optimizers()) {
    if (class_name == optimizer.class_name) return &optimizer;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::optional<ordered_json>> KerasTrainingConfig(
    const std::string& recipe_textproto) {
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(ParseTextProto(recipe_textproto, "the model's recipe", &recipe));
  const OptimizerConfig config = ConfigOf(recipe.optimizer());
  const std::string& name = recipe.optimizer().name();
  if (name == "adam") return CompileConfig("Adam", AdamConfig(config));
  if (name == "rmsprop") return CompileConfig("RMSprop", RmspropConfig(config));
  if (name == "sgd") return CompileConfig("SGD", SgdConfig(config));
  // AdamW is not among the optimizers that Keras 2 looks for in such files.
  return std::nullopt;
}

std::string RecipeFromTrainingConfig(const json& training_config, Notes* notes) {
  const JsonFields outer(&training_config, "training_config");
  const JsonFields optimizer(outer.Find("optimizer_config"), "training_config's optimizer");
  const absl::StatusOr<std::string> class_name = optimizer.String("class_name");
  if (!class_name.ok()) {
    notes->emplace_back(class_name.status().message());
    return "";
  }
  // TensorFlow 2.11 registered its optimizers as "Custom>Adam".
  const std::string kind(absl::StripPrefix(*class_name, "Custom>"));
  const KerasOptimizer* known = FindOptimizer(kind);
  if (known == nullptr) {
    notes->push_back(absl::StrCat("the optimizer ", BriefJson(kind),
                                  " is not imported; Convoy has Adam, AdamW, RMSprop and SGD"));
    return "";
  }
  const JsonFields config(optimizer.Find("config"), optimizer.where());
  v1::Recipe recipe;
  ReadSettings(*known, config, notes, recipe.mutable_optimizer());
  NoteUnknownSettings(*known, optimizer.Find("config"), notes);
  const absl::Status valid = optim::ValidateOptimizer(ConfigOf(recipe.optimizer()));
  if (!valid.ok()) {
    notes->push_back(absl::StrCat("training_config is not imported: ", valid.message()));
    return "";
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(recipe, &text);
  return text;
}

}  // namespace convoy::exports
