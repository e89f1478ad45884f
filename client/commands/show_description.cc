#include "client/commands/show_description.h"

#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/output.h"
#include "client/view/text.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_weights.h"
#include "common/nn/cost.h"
#include "common/nn/network.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMicroBatch = 16;  // the trainer's default

// Why files of other tools could not hold the network once it is trained; "" if they could.
std::string ExportObstacle(const nn::ModelSpec& spec) {
  return std::string(exports::KerasModelConfig(spec).status().message());
}

// Numbers that the optimizer keeps beside each weight.
int Slots(const v1::Recipe& recipe) {
  const v1::OptimizerRecipe& optimizer = recipe.optimizer();
  const int momentum = optimizer.momentum() > 0 ? 1 : 0;
  if (optimizer.name() == "sgd") return momentum;
  if (optimizer.name() == "rmsprop") return 1 + momentum;
  return 2;  // adam and adamw: two moments
}

struct Cost {
  int64_t multiplications;   // an image, forward
  int64_t weights_bytes;     // old and new weights, gradient, optimizer
  int64_t activation_bytes;  // of a micro-batch in one thread, with their gradients
  int micro_batch;
};

Cost CostOf(const nn::Network& network, const v1::Recipe& recipe) {
  const int micro_batch = recipe.has_micro_batch() ? recipe.micro_batch() : kMicroBatch;
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  return {.multiplications = nn::Multiplications(network),
          .weights_bytes = (3 + Slots(recipe)) * kFloat * network.num_parameters(),
          .activation_bytes = 2 * kFloat * nn::OutputElems(network) * micro_batch,
          .micro_batch = micro_batch};
}

std::string CostText(const nn::Network& network, const Description& description) {
  const Cost cost = CostOf(network, description.recipe);
  std::string text = absl::StrCat("Multiplications  ", Thousands(cost.multiplications),
                                  " an image, forward; training takes three times as many\n");
  for (const nn::Layer& layer : network.layers()) {
    const int64_t own = nn::Multiplications(layer);
    if (own == 0) continue;
    absl::StrAppend(
        &text, "  ", Printable(layer.name), "  ", Thousands(own), "  ",
        PercentText(static_cast<double>(own) / static_cast<double>(cost.multiplications)), "\n");
  }
  absl::StrAppend(&text, "Memory           about ", BytesText(cost.weights_bytes),
                  " for weights, gradient and optimizer, and ", BytesText(cost.activation_bytes),
                  " a thread for ", cost.micro_batch, " images, beside the data\n");
  const std::string obstacle = ExportObstacle(network.spec());
  absl::StrAppend(&text, "Export           ",
                  obstacle.empty() ? "to Keras, TensorFlow.js and ONNX"
                                   : absl::StrCat("not possible: ", Printable(obstacle)),
                  "\n");
  return text;
}

std::string AsText(const nn::Network& network, const Description& description) {
  const std::string flag = description.is_recipe ? "--recipe " : "--model ";
  std::string text = absl::StrCat(nn::SummaryTable(network), "\n", CostText(network, description));
  if (description.is_recipe) {
    v1::Recipe rest = description.recipe;
    rest.clear_network();
    std::string set;
    google::protobuf::TextFormat::PrintToString(rest, &set);
    absl::StrAppend(&text, "\nThe recipe sets, and leaves the rest as it is by default:\n", set);
  }
  return absl::StrCat(text, "\nNot trained yet. 'trainer ", flag, Printable(description.where),
                      " --dry-run' says how long that takes here.\n");
}

Json AsJson(const nn::Network& network, const Description& description) {
  const Cost cost = CostOf(network, description.recipe);
  const std::string obstacle = ExportObstacle(network.spec());
  Json json = {{"description", description.where},
               {"name", network.spec().name},
               {"parameters", network.num_parameters()},
               {"trainable_parameters", network.num_trainable()},
               {"multiplications", cost.multiplications},
               {"weights_bytes", cost.weights_bytes},
               {"activation_bytes_per_thread", cost.activation_bytes},
               {"export_obstacle", obstacle.empty() ? Json() : Json(obstacle)},
               {"input_shape", network.input_shape()},
               {"layers", Json::array()}};
  for (const nn::Layer& layer : network.layers()) {
    int64_t parameters = 0;
    for (const nn::Parameter& parameter : layer.parameters) parameters += parameter.size;
    json["layers"].push_back({{"name", layer.name},
                              {"type", std::string(nn::LayerTypeName(layer.kind))},
                              {"output_shape", layer.output},
                              {"parameters", parameters},
                              {"multiplications", nn::Multiplications(layer)}});
  }
  return json;
}

}  // namespace

absl::Status ShowDescription(const Description& description, const Context& context) {
  absl::StatusOr<nn::Network> network = nn::Network::Create(description.network);
  if (!network.ok()) return Annotate(network.status(), description.where);
  if (context.json) {
    Print(context, AsJson(*network, description));
  } else {
    Print(context, AsText(*network, description));
  }
  return absl::OkStatus();
}

}  // namespace convoy::client
