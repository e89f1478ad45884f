#include "common/exports/keras/keras_names.h"

#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/terminal/fit.h"

namespace convoy::exports {
namespace {

bool MayBegin(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.'; }

bool IsAllowed(char c) { return MayBegin(c) || c == '_' || c == '-' || c == '>'; }

// Of all layers; those that need no other name keep theirs.
std::map<std::string, std::string> LayerNames(const nn::ModelSpec& spec) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const nn::LayerSpec& layer : spec.layers) {
    if (KerasName(layer.name) == layer.name) taken.insert(names[layer.name] = layer.name);
  }
  for (const nn::LayerSpec& layer : spec.layers) {
    if (names.count(layer.name) != 0) continue;
    const std::string name = KerasName(layer.name);
    std::string free = name;
    for (int i = 1; !taken.insert(free).second; ++i) free = absl::StrCat(name, "_", i);
    names[layer.name] = free;
  }
  return names;
}

}  // namespace

std::string KerasName(const std::string& name) {
  std::string result = terminal::ToAscii(name);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return !IsAllowed(c); }, '_');
  return !result.empty() && MayBegin(result.front()) ? result : "layer" + result;
}

std::vector<std::pair<std::string, std::string>> KerasRenames(const nn::ModelSpec& spec) {
  std::vector<std::pair<std::string, std::string>> renames;
  if (!spec.name.empty() && KerasName(spec.name) != spec.name) {
    renames.emplace_back(spec.name, KerasName(spec.name));
  }
  const std::map<std::string, std::string> names = LayerNames(spec);
  for (const nn::LayerSpec& layer : spec.layers) {
    if (names.at(layer.name) != layer.name) renames.emplace_back(layer.name, names.at(layer.name));
  }
  return renames;
}

absl::StatusOr<formats::ModelFile> WithKerasNames(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(nn::ModelSpec spec,
                          nn::ParseModelSpec(model.model_textproto, "the model"));
  if (KerasRenames(spec).empty()) return model;
  const std::map<std::string, std::string> names = LayerNames(spec);
  if (!spec.name.empty()) spec.name = KerasName(spec.name);
  for (nn::LayerSpec& layer : spec.layers) {
    layer.name = names.at(layer.name);
    auto* add = std::get_if<nn::AddSpec>(&layer.kind);
    if (add == nullptr) continue;
    const auto found = names.find(add->from);
    if (found != names.end()) add->from = found->second;
  }
  formats::ModelFile renamed = model;
  renamed.model_textproto = nn::ModelSpecToText(spec);
  for (formats::NamedTensor& tensor : renamed.tensors) {
    const size_t end = tensor.name.rfind('/');
    const auto found = names.find(tensor.name.substr(0, end));
    if (found != names.end()) tensor.name = found->second + tensor.name.substr(end);
  }
  return renamed;
}

}  // namespace convoy::exports
