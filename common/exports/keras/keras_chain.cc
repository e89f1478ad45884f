// Walks Keras's graph of layers. A Sequential model is a list; a Functional one says for each layer
// whose output it takes, so it is followed from the output back to the input, and whatever is left
// over then is no part of a chain. A model inside a model is walked in its place.
#include "common/exports/keras/keras_chain.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/keras/json_fields.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

bool IsModel(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

bool IsLower(char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); }
bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }

// Keras's to_snake_case: "conv2d" for Conv2D, "batch_normalization" for BatchNormalization.
std::string SnakeCase(const std::string& name) {
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool word = i > 0 && IsUpper(name[i]) &&
                      (IsLower(name[i - 1]) || (i + 1 < name.size() && IsLower(name[i + 1])));
    if (word) snake += '_';
    snake += absl::ascii_tolower(static_cast<unsigned char>(name[i]));
  }
  return snake;
}

// Adds the names of the layers whose outputs `value` refers to: ["conv", 0, 0, {}] in lists of any
// depth, or in Keras 3 objects whose keras_history says the same.
void AddSources(const json& value, int depth, std::vector<std::string>* names) {
  if (depth > kMaxKerasNesting) return;
  if (value.is_array() && value.size() >= 3 && value[0].is_string() && value[1].is_number()) {
    names->push_back(value[0].get<std::string>());
    return;
  }
  if (value.is_object() && value.contains("keras_history")) {
    return AddSources(value["keras_history"], depth + 1, names);
  }
  if (!value.is_array() && !value.is_object()) return;
  for (const auto& item : value) AddSources(item, depth + 1, names);
}

struct ListedLayer {
  KerasChainLayer layer;
  std::vector<std::string> sources;  // of a Functional model
  size_t uses = 1;
};

// One model's layers, in the order of its list.
absl::StatusOr<std::vector<ListedLayer>> ReadList(const json& list, const KerasChainLayer& parent) {
  std::vector<ListedLayer> layers;
  std::map<std::string, int> of_class;
  for (const json& item : list) {
    const std::string place = absl::StrCat("layer ", layers.size());
    const JsonFields outer(&item, place);
    ListedLayer listed;
    KerasChainLayer& layer = listed.layer;
    CONVOY_ASSIGN_OR_RETURN(layer.class_name, outer.String("class_name"));
    const JsonFields config(outer.Find("config"), place);
    const JsonFields& named = outer.Find("name") != nullptr ? outer : config;
    CONVOY_ASSIGN_OR_RETURN(layer.name, named.String("name"));
    if (layer.name.empty()) return named.Mismatch("name", "a name");
    layer.layer = &item;
    layer.group = parent.group.empty() ? layer.name : parent.group;
    layer.path = parent.path;
    const std::string kind = SnakeCase(layer.class_name);
    const int number = of_class[kind]++;
    layer.path.push_back(number == 0 ? kind : absl::StrCat(kind, "_", number));
    layer.where = absl::StrCat("layer ", Quoted(layer.name), " (",
                               Printable(layer.class_name, kMaxQuoted), ")");
    if (const json* nodes = outer.Find("inbound_nodes"); nodes != nullptr && nodes->is_array()) {
      listed.uses = nodes->size();
      AddSources(*nodes, 0, &listed.sources);
    }
    layers.push_back(std::move(listed));
  }
  return layers;
}

// How many layers stand between each layer and the input, on the longest way.
class Depths {
 public:
  explicit Depths(const std::vector<ListedLayer>& layers) {
    for (const ListedLayer& layer : layers) layers_[layer.layer.name] = &layer;
    for (const ListedLayer& layer : layers) Of(layer.layer.name, 0);
  }

  // A circle, which is refused later, has any depth.
  int Of(const std::string& name, size_t steps) {
    const auto found = layers_.find(name);
    if (found == layers_.end() || steps > layers_.size()) return 0;
    if (const auto known = depths_.find(name); known != depths_.end()) return known->second;
    depths_[name] = 0;
    int deepest = 0;
    for (const std::string& source : found->second->sources) {
      deepest = std::max(deepest, 1 + Of(source, steps + 1));
    }
    return depths_[name] = deepest;
  }

 private:
  std::map<std::string, const ListedLayer*> layers_;
  std::map<std::string, int> depths_;
};

// Of the two layers that an Add takes, the deeper goes on with the chain; the other is its skip.
absl::StatusOr<std::string> Before(Depths* depths, ListedLayer* layer) {
  std::vector<std::string>& sources = layer->sources;
  if (sources.size() == 1) return sources[0];
  if (sources.size() != 2 || layer->layer.class_name != "Add") {
    return InvalidArgumentTextError("$0: joins $1 inputs; Convoy's networks are chains of layers",
                                    layer->layer.where, sources.size());
  }
  if (depths->Of(sources[0], 0) < depths->Of(sources[1], 0)) std::swap(sources[0], sources[1]);
  layer->layer.skip = sources[1];
  return sources[0];
}

// Returns the layers from the input to the output.
absl::StatusOr<std::vector<ListedLayer>> FollowBack(std::vector<ListedLayer> layers,
                                                    const JsonFields& config) {
  std::vector<std::string> outputs;
  if (const json* value = config.Find("output_layers")) AddSources(*value, 0, &outputs);
  if (outputs.size() != 1) {
    return InvalidArgumentTextError(
        "$0: the model has $1 outputs; Convoy's networks are chains of layers", config.where(),
        outputs.size());
  }
  Depths depths(layers);
  std::vector<ListedLayer> chain;
  std::set<std::string> visited;
  for (std::string name = outputs[0]; visited.insert(name).second;) {
    const auto found = std::find_if(layers.begin(), layers.end(),
                                    [&name](const ListedLayer& l) { return l.layer.name == name; });
    if (found == layers.end()) {
      return InvalidArgumentTextError("$0: a layer is missing in its list", config.where());
    }
    chain.push_back(*found);
    if (found->layer.class_name == "InputLayer") break;
    if (found->uses != 1) {
      return InvalidArgumentTextError(
          "$0: is used more than once; Convoy's networks are chains of layers", found->layer.where);
    }
    CONVOY_ASSIGN_OR_RETURN(name, Before(&depths, &chain.back()));
  }
  for (const ListedLayer& layer : layers) {
    if (visited.count(layer.layer.name) == 0) {
      return InvalidArgumentTextError(
          "$0: is not on the one way from the input to the output; Convoy's networks are chains of "
          "layers",
          layer.layer.where);
    }
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

absl::Status AddModel(const json& model, const KerasChainLayer& parent, size_t depth,
                      KerasChain* chain) {
  const JsonFields outer(&model, parent.where);
  CONVOY_ASSIGN_OR_RETURN(const std::string class_name, outer.String("class_name"));
  if (!IsModel(class_name)) {
    return outer.Mismatch("class_name",
                          "Sequential or Functional, the kinds of models that Convoy reads");
  }
  if (depth > kMaxKerasNesting) {
    return InvalidArgumentTextError("$0: models are nested too deeply", parent.where);
  }
  // Before Keras 2.2.3 the list of layers was the whole config.
  const json* config = outer.Find("config");
  const JsonFields fields(config, parent.where);
  const json* list = config != nullptr && config->is_array() ? config : fields.Find("layers");
  if (list == nullptr || !list->is_array()) return fields.Mismatch("layers", "a list");
  CONVOY_ASSIGN_OR_RETURN(std::vector<ListedLayer> layers, ReadList(*list, parent));
  if (class_name != "Sequential") {
    CONVOY_ASSIGN_OR_RETURN(layers, FollowBack(std::move(layers), fields));
  }
  for (const ListedLayer& listed : layers) {
    if (IsModel(listed.layer.class_name)) {
      CONVOY_RETURN_IF_ERROR(AddModel(*listed.layer.layer, listed.layer, depth + 1, chain));
    } else {
      chain->layers.push_back(listed.layer);
    }
  }
  return absl::OkStatus();
}

// Where Keras notes for which input a model or a layer was built.
const json* BuiltFor(const json& object) {
  const JsonFields outer(&object, "");
  const JsonFields config(outer.Find("config"), "");
  if (const json* shape = config.Find("build_input_shape")) return shape;
  return JsonFields(outer.Find("build_config"), "").Find("input_shape");
}

// A Flatten says "channels_first" for another matter.
bool HasChannelsFirst(const KerasChainLayer& layer) {
  const JsonFields config(JsonFields(layer.layer, "").Find("config"), "");
  const json* format = config.Find("data_format");
  return layer.class_name != "Flatten" && format != nullptr && *format == "channels_first";
}

}  // namespace

absl::StatusOr<KerasChain> ReadKerasChain(const json& model_config) {
  KerasChain chain;
  KerasChainLayer root;
  root.where = "model_config";
  CONVOY_RETURN_IF_ERROR(AddModel(model_config, root, 0, &chain));
  const JsonFields outer(&model_config, root.where);
  const JsonFields config(outer.Find("config"), root.where);
  CONVOY_ASSIGN_OR_RETURN(chain.name, config.StringOr("name", "sequential"));
  chain.channels_first = std::any_of(chain.layers.begin(), chain.layers.end(), &HasChannelsFirst);
  chain.built_for = BuiltFor(model_config);
  if (chain.built_for == nullptr && !chain.layers.empty()) {
    chain.built_for = BuiltFor(*chain.layers.front().layer);
  }
  return chain;
}

}  // namespace convoy::exports
