// An affine map of the input passes through what keeps the order or the mean of values (flatten,
// dropout, pools) and is taken up by the first layer that multiplies: its kernel is multiplied by
// the scale, its bias gets the offset times the sum of the kernel. A convolution that pads cannot
// take up an offset, since the padding is 0 before the map and not after it.
#include "common/exports/input_scale.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/probabilities.h"

namespace convoy::exports {
namespace {

// What stands at the front where no layer can take up the map.
constexpr float kEpsilon = 1e-6F;

bool PassesOn(const nn::LayerKind& kind, double scale) {
  return std::holds_alternative<nn::FlattenSpec>(kind) ||
         std::holds_alternative<nn::DropoutSpec>(kind) ||
         std::holds_alternative<nn::AveragePooling2dSpec>(kind) ||
         std::holds_alternative<nn::GlobalAveragePooling2dSpec>(kind) ||
         (std::holds_alternative<nn::MaxPooling2dSpec>(kind) && scale > 0);
}

bool Pads(const nn::Conv2dSpec& spec) {
  return spec.padding == nn::Padding::kSame && (spec.kernel.height > 1 || spec.kernel.width > 1);
}

// Whether the layer can take up the map by its kernel and bias.
bool TakesUp(const nn::Layer& layer, double offset) {
  if (const auto* dense = std::get_if<nn::DenseSpec>(&layer.kind)) {
    return offset == 0 || dense->use_bias;
  }
  const auto* conv = std::get_if<nn::Conv2dSpec>(&layer.kind);
  return conv != nullptr && (offset == 0 || (conv->use_bias && !Pads(*conv)));
}

// The kernel's last axis is the filters or units; each has a bias.
void TakeUp(double scale, double offset, formats::NamedTensor* kernel, formats::NamedTensor* bias) {
  const auto units = static_cast<size_t>(kernel->shape.back());
  std::vector<double> sums(units, 0.0);
  for (size_t i = 0; i < kernel->data.size(); ++i) {
    sums[i % units] += static_cast<double>(kernel->data[i]);
    kernel->data[i] = static_cast<float>(scale * static_cast<double>(kernel->data[i]));
  }
  if (offset == 0) return;
  for (size_t unit = 0; unit < units; ++unit) {
    bias->data[unit] =
        static_cast<float>(static_cast<double>(bias->data[unit]) + offset * sums[unit]);
  }
}

// Normalizes (x - (mean - offset) / scale) * gamma * scale instead of (x - mean) * gamma.
void TakeUpByNormalization(double scale, double offset, formats::NamedTensor* tensors) {
  for (float& gamma : tensors[0].data)
    gamma = static_cast<float>(scale * static_cast<double>(gamma));
  for (float& mean : tensors[2].data) {
    mean = static_cast<float>((static_cast<double>(mean) - offset) / scale);
  }
}

// Puts a batch normalization at the front that computes value * scale + offset for each channel.
void PutAtTheFront(double scale, double offset, nn::ModelSpec* spec, formats::ModelFile* model) {
  std::set<std::string> names;
  for (const nn::LayerSpec& layer : spec->layers) names.insert(layer.name);
  std::string name = "rescaling";
  while (names.count(name) != 0) name += "_1";
  spec->layers.insert(spec->layers.begin(),
                      nn::LayerSpec{name, nn::BatchNormalizationSpec{.epsilon = kEpsilon}});
  const auto channels = static_cast<size_t>(spec->channels);
  const auto tensor = [&](const char* variable, double value, bool trainable) {
    return formats::NamedTensor{absl::StrCat(name, "/", variable),
                                {spec->channels},
                                trainable,
                                std::vector<float>(channels, static_cast<float>(value))};
  };
  const std::vector<formats::NamedTensor> tensors = {
      tensor("gamma", scale, true), tensor("beta", offset, true), tensor("moving_mean", 0, false),
      tensor("moving_variance", 1 - static_cast<double>(kEpsilon), false)};
  model->tensors.insert(model->tensors.begin(), tensors.begin(), tensors.end());
  model->model_textproto = nn::ModelSpecToText(*spec);
}

// The share of images that are named right, from which on a network is taken for one of theirs.
constexpr double kKnowsThem = 0.5;

// By how much another scale must be better than the usual one.
constexpr double kBetter = 0.01;

absl::StatusOr<double> AccuracyOn(const formats::ModelFile& model,
                                  const data::DatasetView& images) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<double> probabilities,
                          ConvoyProbabilities(model, images));
  const auto classes = static_cast<std::ptrdiff_t>(probabilities.size()) / images.count;
  int64_t right = 0;
  for (int64_t image = 0; image < images.count; ++image) {
    const auto row = probabilities.begin() + image * classes;
    right += std::max_element(row, row + classes) - row == images.labels[image];
  }
  return static_cast<double>(right) / static_cast<double>(images.count);
}

// Numbers that were meant to be whole are not, after 1/255 in float32.
double Snap(double value) {
  const double whole = std::round(value);
  return std::abs(value - whole) < 1e-6 ? whole : value;
}

}  // namespace

const std::vector<InputScale>& InputScales() {
  static const auto& scales =
      *new std::vector<InputScale>{{"0..1", 1, 0},
                                   {"0..255", 255, 0},
                                   {"-1..1", 2, -1},
                                   {"standardised", 1 / 0.3081, -0.1307 / 0.3081},
                                   {"inverted", -1, 1}};
  return scales;
}

absl::StatusOr<InputScale> FindInputScale(const std::string& name) {
  std::vector<std::string> known = {"auto"};
  for (const InputScale& scale : InputScales()) {
    if (scale.name == name) return scale;
    known.push_back(scale.name);
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown scale '", name, "'",
                                                 DidYouMean(name, known),
                                                 " (known: ", absl::StrJoin(known, ", "), ")"));
}

absl::StatusOr<formats::ModelFile> WithInputScale(const formats::ModelFile& model, double scale,
                                                  double offset) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  if (scale == 0 || !std::isfinite(scale) || !std::isfinite(offset)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the input's scale must be a number other than 0, not ", scale));
  }
  formats::ModelFile result = model;
  if (scale == 1 && offset == 0) return result;
  size_t first = 0;  // of the layer's tensors
  const bool skips = std::any_of(
      network.layers().begin(), network.layers().end(),
      [](const nn::Layer& layer) { return std::holds_alternative<nn::AddSpec>(layer.kind); });
  for (const nn::Layer& layer : network.layers()) {
    if (skips) break;  // what is added may have gone past the first layer with weights
    if (PassesOn(layer.kind, scale)) continue;
    if (std::holds_alternative<nn::BatchNormalizationSpec>(layer.kind)) {
      TakeUpByNormalization(scale, offset, &result.tensors[first]);
      return result;
    }
    if (!TakesUp(layer, offset)) break;
    TakeUp(scale, offset, &result.tensors[first],
           layer.parameters.size() > 1 ? &result.tensors[first + 1] : nullptr);
    return result;
  }
  nn::ModelSpec spec = network.spec();
  PutAtTheFront(scale, offset, &spec, &result);
  return result;
}

absl::StatusOr<formats::ModelFile> WithInputScale(const KerasModel& file, const InputScale& scale) {
  return WithInputScale(file.model, Snap(file.scale * scale.scale),
                        Snap(file.scale * scale.offset + file.offset));
}

InputScale UsualScale(const KerasModel& file) { return InputScales()[file.rescales ? 1 : 0]; }

absl::StatusOr<ScaleChoice> ChooseInputScale(const KerasModel& file,
                                             const data::DatasetView& images) {
  if (images.count == 0) return absl::InvalidArgumentError("there are no images to try scales on");
  ScaleChoice choice{.scale = UsualScale(file)};
  double usual = 0;
  double best = 0;
  InputScale best_scale = choice.scale;
  for (const InputScale& scale : InputScales()) {
    CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, WithInputScale(file, scale));
    CONVOY_ASSIGN_OR_RETURN(const double accuracy, AccuracyOn(model, images));
    choice.accuracies.emplace_back(scale.name, accuracy);
    if (scale.name == choice.scale.name) usual = accuracy;
    if (accuracy > best) {
      best = accuracy;
      best_scale = scale;
    }
  }
  choice.knows_the_images = best >= kKnowsThem;
  if (choice.knows_the_images && best > usual + kBetter) choice.scale = best_scale;
  return choice;
}

}  // namespace convoy::exports
