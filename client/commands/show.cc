// Shows two things: a trained model, of which it says all that the file does, and a network or
// recipe that is not trained yet, of which it says what a training would cost (show_description.h).
#include "client/commands/commands.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/shared_options.h"
#include "client/commands/description.h"
#include "client/commands/output.h"
#include "client/commands/show_description.h"
#include "client/models/model_source.h"
#include "common/api/class_names.h"
#include "common/base/label.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/evaluate/loaded_model.h"
#include "common/i18n/translate.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;
using evaluate::LoadedModel;

// Of very many classes the first ones are listed.
constexpr size_t kFirstClasses = 10;

std::string FormText(formats::ImageForm form) {
  if (form == formats::ImageForm::kCentredDigits) return Tr("digits, centred as MNIST's");
  return form == formats::ImageForm::kWholePictures ? Tr("whole pictures") : Tr("not known");
}

std::string Facts(const std::string& where, const LoadedModel& model) {
  const formats::ModelFile& file = model.description();
  std::string text = Tr("Model    $0\n", where);
  text += Tr("Weights  SHA-256 $0\n", model.weights_sha256());
  if (!file.data_sha256.empty()) {
    text += Tr("Data     SHA-256 $0\n", file.data_sha256);
  }
  text += Tr("Images   $0\n", FormText(file.image_form));
  const size_t classes = file.class_names.size();
  const size_t shown = classes > size_t{kMostClassesShown} ? kFirstClasses : classes;
  for (size_t i = 0; i < shown; ++i) {
    text += Tr("Class    $0 $1\n", i, api::ClassName(file, static_cast<int>(i)));
  }
  if (shown < classes) {
    text += Tr("         and $0 more (all with --json)\n",
               TrThousands(static_cast<int64_t>(classes - shown)));
  }
  text +=
      Tr("Kernels  $0, OpenBLAS for $1\n", file.kernel_family.isa, file.kernel_family.blas_core);
  for (const auto& [name, value] : file.metrics) {
    text += Tr("Metric   $0 $1\n", name, MetricText(value));
  }
  return text;
}

std::string AsText(const std::string& where, const LoadedModel& model) {
  std::string text = absl::StrCat(nn::SummaryTable(model.network()), "\n", Facts(where, model));
  if (!model.description().recipe_textproto.empty()) {
    absl::StrAppend(&text, Tr("\nRecipe (a file for trainer --recipe):\n"),
                    model.description().recipe_textproto);
  }
  return text;
}

// The recipe with the field names of recipe.proto; null where the file has none.
absl::StatusOr<Json> RecipeJson(const std::string& where, const LoadedModel& model) {
  if (model.description().recipe_textproto.empty()) return Json();
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(ParseTextProto(model.description().recipe_textproto, where, &recipe));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(recipe, &text, options);
  if (!printed.ok()) {
    return absl::DataLossError(Tr("$0: its recipe has no form in JSON", where));
  }
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

absl::StatusOr<Json> AsJson(const std::string& where, const LoadedModel& model) {
  const formats::ModelFile& file = model.description();
  Json json = {{"model", where},
               {"name", model.network().spec().name},
               {"parameters", model.network().num_parameters()},
               {"weights_sha256", model.weights_sha256()},
               {"data_sha256", file.data_sha256.empty() ? Json() : Json(file.data_sha256)},
               {"isa", file.kernel_family.isa},
               {"blas_core", file.kernel_family.blas_core}};
  json["tensors"] = Json::array();
  for (const formats::NamedTensor& tensor : file.tensors) {
    json["tensors"].push_back(
        {{"name", tensor.name}, {"shape", tensor.shape}, {"trainable", tensor.trainable}});
  }
  json["class_names"] = Json::array();
  for (size_t i = 0; i < file.class_names.size(); ++i) {
    json["class_names"].push_back(api::ClassName(file, static_cast<int>(i)));
  }
  json["metrics"] = Json::object();
  for (const auto& [name, value] : file.metrics) json["metrics"][name] = value;
  CONVOY_ASSIGN_OR_RETURN(json["recipe"], RecipeJson(where, model));
  return json;
}

class Show : public Command {
 public:
  void AddArguments(Arguments& arguments) override { AddModelArgument(arguments, &model_); }

  std::string Details() const override {
    return Tr(
        "The network as a table like Keras's model.summary(), the SHA-256 of its weights (the "
        "same\n"
        "wherever it was trained), and the recipe that trained it. Of a network or recipe that "
        "is not\n"
        "trained yet (FILE.textproto, or one of Convoy's own by its name): the table, what it\n"
        "costs, and whether other tools could read it later.\n\n"
        "Examples:\n"
        "  convoy show runs/first\n"
        "  convoy show my_network.textproto         before it is trained\n"
        "  convoy show runs/first/model.convoy --json");
  }

  absl::Status Run(const Context& context) override {
    const std::string& named = model_.empty() ? context.model : model_;
    if (IsDescription(named, context)) {
      CONVOY_ASSIGN_OR_RETURN(const Description description, ReadDescription(named));
      return ShowDescription(description, context);
    }
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(model_, context));
    CONVOY_ASSIGN_OR_RETURN(std::string bytes, source->ReadBytes());
    CONVOY_ASSIGN_OR_RETURN(const auto model,
                            LoadedModel::Parse(std::move(bytes), source->Where()));
    if (context.json) {
      CONVOY_ASSIGN_OR_RETURN(const Json json, AsJson(source->Where(), *model));
      Print(context, json);
    } else {
      Print(context, AsText(source->Where(), *model));
    }
    return absl::OkStatus();
  }

 private:
  std::string model_;
};

}  // namespace

std::unique_ptr<Command> NewShow() { return std::make_unique<Show>(); }

}  // namespace convoy::client
