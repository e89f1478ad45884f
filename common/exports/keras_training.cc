#include "common/exports/keras_training.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/exports/json_fields.h"
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
  if (recipe.name() == "sgd") config.kind = OptimizerConfig::Kind::kSgd;
  if (recipe.has_learning_rate()) config.learning_rate = recipe.learning_rate();
  if (recipe.has_momentum()) config.momentum = recipe.momentum();
  if (recipe.has_nesterov()) config.nesterov = recipe.nesterov();
  if (recipe.has_beta_1()) config.beta_1 = recipe.beta_1();
  if (recipe.has_beta_2()) config.beta_2 = recipe.beta_2();
  if (recipe.has_epsilon()) config.epsilon = recipe.epsilon();
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

// Settings that Convoy takes from Keras's optimizers, or that change nothing.
constexpr std::array kKnownSettings = {"name",         "learning_rate",
                                       "lr",           "beta_1",
                                       "beta_2",       "epsilon",
                                       "momentum",     "nesterov",
                                       "jit_compile",  "is_legacy_optimizer",
                                       "ema_momentum", "ema_overwrite_frequency"};

// True for the values by which Keras says that a setting is off.
bool IsOff(const json& value) {
  return value.is_null() || value == false || (value.is_number() && value == 0);
}

// Copies an optimizer's settings into a recipe, and notes what it cannot copy.
class OptimizerReader {
 public:
  OptimizerReader(const JsonFields& fields, Notes* notes) : fields_(fields), notes_(notes) {}

  bool Read(const std::string& class_name, v1::OptimizerRecipe* recipe) {
    if (class_name == "Adam") {
      recipe->set_name("adam");
      if (const auto value = Number("beta_1")) recipe->set_beta_1(*value);
      if (const auto value = Number("beta_2")) recipe->set_beta_2(*value);
      if (const auto value = Number("epsilon")) recipe->set_epsilon(*value);
    } else if (class_name == "SGD") {
      recipe->set_name("sgd");
      if (const auto value = Number("momentum")) recipe->set_momentum(*value);
      const json* nesterov = fields_.Find("nesterov");
      if (nesterov != nullptr && nesterov->is_boolean()) recipe->set_nesterov(*nesterov);
    } else {
      notes_->push_back(absl::StrCat("the optimizer ", BriefJson(class_name),
                                     " is not imported; Convoy has Adam and SGD"));
      return false;
    }
    // Old versions call it "lr".
    const char* rate_key = fields_.Find("learning_rate") == nullptr ? "lr" : "learning_rate";
    if (const auto value = Number(rate_key)) recipe->set_learning_rate(*value);
    return true;
  }

 private:
  std::optional<double> Number(const char* key) {
    const json* value = fields_.Find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return value->get<double>();
    notes_->push_back(
        absl::StrCat("the optimizer's ", key, " is not imported: ", BriefJson(*value)));
    return std::nullopt;
  }

  const JsonFields& fields_;
  Notes* notes_;
};

void NoteUnknownSettings(const json* config, Notes* notes) {
  if (config == nullptr || !config->is_object()) return;
  for (const auto& [key, value] : config->items()) {
    const bool known =
        std::find(kKnownSettings.begin(), kKnownSettings.end(), key) != kKnownSettings.end();
    if (!known && !IsOff(value)) {
      notes->push_back(
          absl::StrCat("the optimizer's ", BriefJson(key), " is not imported: ", BriefJson(value)));
    }
  }
}

}  // namespace

absl::StatusOr<std::optional<ordered_json>> KerasTrainingConfig(
    const std::string& recipe_textproto) {
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(ParseTextProto(recipe_textproto, "the model's recipe", &recipe));
  const OptimizerConfig config = ConfigOf(recipe.optimizer());
  if (recipe.optimizer().name() == "adam") return CompileConfig("Adam", AdamConfig(config));
  if (recipe.optimizer().name() == "sgd") return CompileConfig("SGD", SgdConfig(config));
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
  const JsonFields config(optimizer.Find("config"), optimizer.where());
  v1::Recipe recipe;
  // TensorFlow 2.11 registered its optimizers as "Custom>Adam".
  const std::string kind(absl::StripPrefix(*class_name, "Custom>"));
  if (!OptimizerReader(config, notes).Read(kind, recipe.mutable_optimizer())) return "";
  NoteUnknownSettings(optimizer.Find("config"), notes);
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
