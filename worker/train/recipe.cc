// A recipe is a protobuf message in three states: what was asked for, what is in force (all values
// set, the network spelled out) and checked (plain values that the trainer works with).
#include "worker/train/recipe.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"
#include "common/recipes/default_recipe.h"
#include "common/recipes/exchange.h"
#include "common/recipes/optimizer_recipe.h"
#include "common/textproto/text_proto.h"

namespace convoy::train {
namespace {

// Bounds that keep products of sizes within 64 bits and memory within reason.
constexpr int kMaxBatchSize = 1 << 24;
constexpr int kMaxMicroBatch = 4096;

absl::Status CheckInRange(std::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return TextError(absl::StatusCode::kInvalidArgument, "$0: must be from $1 to $2, not $3",
                   std::string(field), least, most, value);
}

absl::Status CheckReduce(const std::string& reduce) {
  if (reduce == "exact" || reduce == "mpi") return absl::OkStatus();
  return InvalidArgumentTextError("reduce: must be exact or mpi, not '$0'", reduce);
}

// Floats hold where nothing is said, so they are not: recipes with them are those of before.
void LeaveOutFloats(v1::Recipe* recipe) {
  if (recipe->exchange() == recipes::ExchangeName(step::Exchange::kFloat32))
    recipe->clear_exchange();
}

// Remembers the first field that differs.
class FirstDifference : public google::protobuf::util::MessageDifferencer::Reporter {
 public:
  void ReportAdded(
      const google::protobuf::Message&, const google::protobuf::Message&,
      const std::vector<google::protobuf::util::MessageDifferencer::SpecificField>& path) override {
    Note(path);
  }
  void ReportDeleted(
      const google::protobuf::Message&, const google::protobuf::Message&,
      const std::vector<google::protobuf::util::MessageDifferencer::SpecificField>& path) override {
    Note(path);
  }
  void ReportModified(
      const google::protobuf::Message&, const google::protobuf::Message&,
      const std::vector<google::protobuf::util::MessageDifferencer::SpecificField>& path) override {
    Note(path);
  }

  // Such as "optimizer.name"; empty if nothing differs.
  const std::string& field() const { return field_; }

 private:
  void Note(const std::vector<google::protobuf::util::MessageDifferencer::SpecificField>& path) {
    if (!field_.empty() || path.empty()) return;
    field_ = std::string(path[0].field->name());
    if (field_ == "model") return;
    for (size_t i = 1; i < path.size(); ++i) {
      absl::StrAppend(&field_, ".", std::string(path[i].field->name()));
    }
  }

  std::string field_;
};

}  // namespace

absl::StatusOr<v1::Recipe> CompleteRecipe(const v1::Recipe& asked) {
  v1::Recipe recipe = recipes::DefaultRecipe();
  if (asked.has_model()) recipe.clear_model_name();
  recipe.MergeFrom(asked);
  FillOptionDefaults(&recipe);
  LeaveOutFloats(&recipe);
  CONVOY_RETURN_IF_ERROR(ResolveModel(&recipe));
  return recipe;
}

absl::Status ResolveModel(v1::Recipe* recipe) {
  absl::StatusOr<nn::ModelSpec> spec;
  if (recipe->has_model_name()) {
    spec = nn::LoadModelSpec(recipe->model_name());
    if (!spec.ok()) return Annotate(spec.status(), "model");
    CONVOY_RETURN_IF_ERROR(Annotate(nn::Network::Create(*spec).status(),
                                    absl::StrCat("model: ", recipe->model_name())));
  } else if (recipe->has_model()) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(recipe->model(), &text);
    CONVOY_ASSIGN_OR_RETURN(spec, nn::ParseModelSpec(text, "the recipe's model"));
  } else {
    return absl::OkStatus();
  }
  return ParseTextProto(nn::ModelSpecToText(*spec), "the recipe's model", recipe->mutable_model());
}

absl::StatusOr<Recipe> CheckRecipe(const v1::Recipe& recipe) {
  CONVOY_RETURN_IF_ERROR(CheckInRange("batch_size", recipe.batch_size(), 1, kMaxBatchSize));
  CONVOY_RETURN_IF_ERROR(CheckInRange("micro_batch", recipe.micro_batch(), 1, kMaxMicroBatch));
  CONVOY_RETURN_IF_ERROR(CheckInRange("epochs", recipe.epochs(), 1, 1000000));
  CONVOY_RETURN_IF_ERROR(CheckReduce(recipe.reduce()));
  Recipe checked{.batch_size = recipe.batch_size(),
                 .micro_batch = recipe.micro_batch(),
                 .epochs = recipe.epochs(),
                 .seed = recipe.seed(),
                 .validation_split = recipe.validation_split(),
                 .train_limit = recipe.train_limit(),
                 .exact_reduce = recipe.reduce() == "exact"};
  CONVOY_ASSIGN_OR_RETURN(checked.options, ReadOptions(recipe));
  CONVOY_ASSIGN_OR_RETURN(checked.optimizer, recipes::OptimizerOf(recipe.optimizer()));
  checked.optimizer.learning_rate *= checked.options.learning_rate_factor;
  std::string text;
  google::protobuf::TextFormat::PrintToString(recipe.model(), &text);
  CONVOY_ASSIGN_OR_RETURN(checked.model, nn::ParseModelSpec(text, "the recipe's model"));
  return checked;
}

absl::StatusOr<v1::Recipe> ContinueRecipe(const v1::Recipe& base, const v1::Recipe& asked) {
  v1::Recipe merged = base;
  if (asked.has_model()) merged.clear_model();  // MergeFrom would append the layers
  merged.MergeFrom(asked);
  const int epochs = merged.epochs();
  if (epochs < base.epochs()) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "epochs: the run was started with $0; on resume it may grow, not shrink to $1",
                     base.epochs(), epochs);
  }
  merged.set_epochs(base.epochs());
  // How to have the run's kernels on this machine; whether it has them is checked elsewhere.
  merged.clear_isa();
  if (base.has_isa()) merged.set_isa(base.isa());
  LeaveOutFloats(&merged);
  FirstDifference difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&difference);
  if (!differencer.Compare(base, merged)) {
    return TextError(
        absl::StatusCode::kFailedPrecondition,
        "$0: differs from the run that is to go on (see recipe.textproto in its directory); "
        "leave it out, or start a new run in another directory",
        difference.field());
  }
  merged.set_epochs(epochs);
  return merged;
}

std::string RecipeToText(const v1::Recipe& recipe) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(recipe, &text);
  return text;
}

}  // namespace convoy::train
