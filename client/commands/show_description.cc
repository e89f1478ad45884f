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
#include "common/exports/tfjs/tfjs.h"
#include "common/i18n/translate.h"
#include "common/nn/cost.h"
#include "common/nn/network.h"
#include "common/optim/optimizer.h"
#include "common/recipes/default_recipe.h"
#include "common/recipes/exchange.h"
#include "common/recipes/optimizer_recipe.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

// Why files of other tools could not hold the network once it is trained.
struct Obstacles {
  absl::Status all;   // of any tool
  absl::Status tfjs;  // of TensorFlow.js alone

  const absl::Status& first() const { return all.ok() ? tfjs : all; }
};

Obstacles ObstaclesOf(const nn::Network& network) {
  return {.all = exports::KerasModelConfig(network.spec()).status(),
          .tfjs = exports::CheckTfjsHasLayers(network)};
}

std::string InWords(const Obstacles& obstacles) {
  const std::string why = Printable(std::string(obstacles.first().message()));
  if (!obstacles.all.ok()) return Tr("not possible: $0", why);
  if (!obstacles.tfjs.ok()) return Tr("to Keras and ONNX; $0", why);
  return Tr("to Keras, TensorFlow.js and ONNX");
}

struct Cost {
  int64_t multiplications;   // an image, forward
  int64_t weights_bytes;     // old and new weights, gradient, optimizer, masters of rounded weights
  int64_t activation_bytes;  // of a micro-batch in one thread, with their gradients
  int micro_batch;
};

absl::StatusOr<Cost> CostOf(const nn::Network& network, const v1::Recipe& asked) {
  v1::Recipe recipe = recipes::DefaultRecipe();
  recipe.MergeFrom(asked);
  CONVOY_ASSIGN_OR_RETURN(const auto config, recipes::OptimizerOf(recipe.optimizer()));
  CONVOY_ASSIGN_OR_RETURN(const auto optimizer, optim::Optimizer::Create(config));
  const bool rounds = recipe.exchange() == recipes::ExchangeName(recipes::Exchange::kBfloat16);
  const int masters = rounds ? 1 : 0;
  const auto arrays = static_cast<int64_t>(3 + masters + optimizer->SlotNames().size());
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  return Cost{.multiplications = nn::Multiplications(network),
              .weights_bytes = arrays * kFloat * network.num_parameters(),
              .activation_bytes = 2 * kFloat * nn::OutputElems(network) * recipe.micro_batch(),
              .micro_batch = recipe.micro_batch()};
}

std::string CostText(const nn::Network& network, const Cost& cost) {
  std::string text =
      Tr("Multiplications  $0 an image, forward; training takes three times as many\n",
         TrThousands(cost.multiplications));
  for (const nn::Layer& layer : network.layers()) {
    const int64_t own = nn::Multiplications(layer);
    if (own == 0) continue;
    absl::StrAppend(
        &text, "  ", Printable(layer.name), "  ", TrThousands(own), "  ",
        PercentText(static_cast<double>(own) / static_cast<double>(cost.multiplications)), "\n");
  }
  text +=
      Tr("Memory           about $0 for weights, gradient and optimizer, and $1 a thread for $2 "
         "images, beside the data\n",
         BytesText(cost.weights_bytes), BytesText(cost.activation_bytes), cost.micro_batch);
  text += Tr("Export           $0\n", InWords(ObstaclesOf(network)));
  return text;
}

std::string AsText(const nn::Network& network, const Cost& cost, const Description& description) {
  const std::string flag = description.is_recipe ? "--recipe " : "--model ";
  std::string text = absl::StrCat(nn::SummaryTable(network), "\n", CostText(network, cost));
  if (description.is_recipe) {
    v1::Recipe rest = description.recipe;
    rest.clear_network();
    std::string set;
    google::protobuf::TextFormat::PrintToString(rest, &set);
    text += Tr("\nThe recipe sets, and leaves the rest as it is by default:\n") + set;
  }
  return text + Tr("\nNot trained yet. 'trainer $0$1 --dry-run' says how long that takes here.\n",
                   flag, Printable(description.where));
}

Json AsJson(const nn::Network& network, const Cost& cost, const Description& description) {
  const Obstacles obstacles = ObstaclesOf(network);
  Json json = {{"description", description.where},
               {"name", network.spec().name},
               {"parameters", network.num_parameters()},
               {"trainable_parameters", network.num_trainable()},
               {"multiplications", cost.multiplications},
               {"weights_bytes", cost.weights_bytes},
               {"activation_bytes_per_thread", cost.activation_bytes},
               {"export_obstacle",
                obstacles.first().ok() ? Json() : Json(std::string(obstacles.first().message()))},
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
  const absl::StatusOr<Cost> cost = CostOf(*network, description.recipe);
  if (!cost.ok()) return Annotate(cost.status(), description.where);
  if (context.json) {
    Print(context, AsJson(*network, *cost, description));
  } else {
    Print(context, AsText(*network, *cost, description));
  }
  return absl::OkStatus();
}

}  // namespace convoy::client
