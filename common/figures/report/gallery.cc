// Gathers what each figure shows out of a model, a history and data, and has it drawn. Evaluations
// are the dear part, so they are kept by noise level: the confusion matrix, the mistakes and the
// curve's first point share one.
#include "common/figures/report/gallery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/data/noise.h"
#include "common/evaluate/layer_outputs.h"
#include "common/evaluate/occlusion.h"
#include "common/figures/confusion_figure.h"
#include "common/figures/curves_figure.h"
#include "common/figures/feature_maps_figure.h"
#include "common/figures/filters_figure.h"
#include "common/figures/mistakes_figure.h"
#include "common/figures/occlusion_figure.h"
#include "common/figures/samples_figure.h"
#include "common/i18n/translate.h"

namespace convoy::gallery {
namespace {

figures::PixelImage ImageOf(const data::DatasetView& data, int64_t number) {
  const uint8_t* pixels = data.image(number);
  return {.height = data.height,
          .width = data.width,
          .channels = data.channels,
          .pixels = std::vector<uint8_t>(pixels, pixels + data.image_bytes())};
}

// `text` says it with the number that was asked for and how many there are.
absl::Status CheckCount(int count, int64_t available, const char* text) {
  if (count >= 1 && count <= available) return absl::OkStatus();
  return TextError(absl::StatusCode::kInvalidArgument, text, count, available);
}

const nn::Layer* FindLayer(const nn::Network& network, const std::vector<std::string>& names,
                           const std::string& name) {
  for (const nn::Layer& layer : network.layers()) {
    const bool allowed = std::find(names.begin(), names.end(), layer.name) != names.end();
    if (allowed && (name.empty() || layer.name == name)) return &layer;
  }
  return nullptr;
}

// Why there is no such layer, with its name, those that there are, and the nearest of them.
struct LayerErrors {
  const char* unknown;
  const char* misspelt;
};

constexpr LayerErrors kNoConvolution = {
    Marked("layer: $0 is no convolution layer of the network; there are $1"),
    Marked("layer: $0 is no convolution layer of the network; there are $1; did you mean $2?")};
constexpr LayerErrors kNoLayer = {
    Marked("layer: $0 is no layer of the network; there are $1"),
    Marked("layer: $0 is no layer of the network; there are $1; did you mean $2?")};

absl::Status NoSuchLayer(const std::string& name, const LayerErrors& errors,
                         const std::vector<std::string>& names) {
  if (names.empty()) {
    return TextError(absl::StatusCode::kNotFound, "the network has no convolution layer");
  }
  const std::string near = NearestName(name, names);
  const std::string there = absl::StrJoin(names, ", ");
  return near.empty() ? TextError(absl::StatusCode::kNotFound, errors.unknown, Quoted(name), there)
                      : TextError(absl::StatusCode::kNotFound, errors.misspelt, Quoted(name), there,
                                  Quoted(near));
}

absl::Status CheckImageFits(const figures::PixelImage& image, const nn::Network& network) {
  const nn::ModelSpec& spec = network.spec();
  if (image.height == spec.height && image.width == spec.width && image.channels == spec.channels) {
    return absl::OkStatus();
  }
  return TextError(absl::StatusCode::kInvalidArgument,
                   "the network takes images of $0 x $1 x $2, not of $3 x $4 x $5; choose data or "
                   "a model that fit",
                   spec.height, spec.width, spec.channels, image.height, image.width,
                   image.channels);
}

// Whether a layer with so many filters has the one that is asked for, or none was.
absl::Status CheckFilter(int64_t filter, int64_t filters, const std::string& layer) {
  if (filter >= 0 && filter <= filters) return absl::OkStatus();
  return filters == 0
             ? InvalidArgumentTextError(
                   "filter: layer $0 has no maps, so no filter $1; name a convolution or pooling "
                   "layer",
                   Quoted(layer), filter)
             : InvalidArgumentTextError("filter: layer $0 has filters 1 to $1, not $2",
                                        Quoted(layer), filters, filter);
}

}  // namespace

std::vector<double> NoiseLevels() {
  std::vector<double> levels;
  for (int tenths = 0; tenths <= 10; ++tenths) levels.push_back(tenths / 10.0);
  return levels;
}

std::vector<std::string> ConvolutionLayers(const nn::Network& network) {
  std::vector<std::string> names;
  for (const nn::Layer& layer : network.layers()) {
    if (std::holds_alternative<nn::Conv2dSpec>(layer.kind)) names.push_back(layer.name);
  }
  return names;
}

Gallery::Gallery(Subject subject, figures::Language language, int threads)
    : subject_(std::move(subject)), language_(language), threads_(threads) {}

std::vector<std::string> Gallery::ClassNames() const {
  std::vector<std::string> names;
  if (subject_.model == nullptr) return names;
  for (const std::string& name : subject_.model->description().class_names) {
    names.push_back(Printable(name, kMaxQuoted));
  }
  return names;
}

std::string Gallery::ClassText(int label) const {
  const auto index = static_cast<size_t>(label);
  if (subject_.model == nullptr) return absl::StrCat(label);
  const std::vector<std::string>& names = subject_.model->description().class_names;
  return index < names.size() ? Printable(names[index], kMaxQuoted) : absl::StrCat(label);
}

figures::Reading Gallery::ReadImage(evaluate::Predictor& predictor,
                                    const std::vector<uint8_t>& pixels) const {
  std::vector<float> probabilities(static_cast<size_t>(predictor.model().network().num_classes()));
  const uint8_t* image = pixels.data();
  predictor.Predict(&image, 1, probabilities.data());
  const int predicted =
      evaluate::MostLikely(probabilities.data(), static_cast<int>(probabilities.size()));
  return {.predicted = ClassText(predicted),
          .confidence = probabilities[static_cast<size_t>(predicted)]};
}

absl::StatusOr<figures::Canvas> Gallery::Samples(int count) const {
  CONVOY_RETURN_IF_ERROR(CheckCount(count, subject_.train.count,
                                    Marked("cannot show $0 training images; choose 1 to $1")));
  std::vector<figures::Sample> samples;
  for (int i = 0; i < count; ++i) {
    samples.push_back({ImageOf(subject_.train, i), ClassText(subject_.train.labels[i])});
  }
  return figures::DrawSamples(samples, language_);
}

absl::StatusOr<figures::Canvas> Gallery::Curves() const {
  if (subject_.history.empty()) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "$0: has no finished epoch to draw; name a run directory with one",
                     subject_.name);
  }
  return figures::DrawCurves(subject_.history, language_);
}

absl::StatusOr<figures::Canvas> Gallery::Confusion(bool by_row) {
  CONVOY_ASSIGN_OR_RETURN(const evaluate::DetailedEvaluation* plain, Evaluate(0));
  return figures::DrawConfusion(plain->confusion.num_classes(), plain->confusion.counts(),
                                language_, ClassNames(), by_row);
}

absl::StatusOr<figures::Canvas> Gallery::Mistakes(int count) {
  CONVOY_ASSIGN_OR_RETURN(const evaluate::DetailedEvaluation* plain, Evaluate(0));
  CONVOY_RETURN_IF_ERROR(
      CheckCount(count, plain->images, Marked("cannot show $0 mistakes; choose 1 to $1")));
  std::vector<figures::Mistake> shown;
  for (const evaluate::Mistake& mistake :
       WorstMistakes(*plain, subject_.test, static_cast<size_t>(count))) {
    shown.push_back({.image = ImageOf(subject_.test, mistake.image),
                     .actual = ClassText(mistake.actual),
                     .predicted = ClassText(mistake.predicted),
                     .confidence = mistake.confidence});
  }
  const int64_t wrong = plain->confusion.total() - plain->confusion.correct();
  return figures::DrawMistakes(shown, wrong, language_);
}

absl::StatusOr<figures::Canvas> Gallery::Filters(const std::string& layer, int64_t filter) const {
  const nn::Network& network = subject_.model->network();
  const std::vector<std::string> names = ConvolutionLayers(network);
  const nn::Layer* found = FindLayer(network, names, layer);
  if (found == nullptr) return NoSuchLayer(layer, kNoConvolution, names);
  const nn::Parameter& kernel = found->parameters.front();
  const float* weights = subject_.model->weights().weights + kernel.offset;
  const figures::FilterBank bank{.layer = found->name,
                                 .height = static_cast<int>(kernel.shape[0]),
                                 .width = static_cast<int>(kernel.shape[1]),
                                 .channels = static_cast<int>(kernel.shape[2]),
                                 .filters = static_cast<int>(kernel.shape[3]),
                                 .weights = std::vector<float>(weights, weights + kernel.size)};
  CONVOY_RETURN_IF_ERROR(CheckFilter(filter, bank.filters, found->name));
  return filter == 0 ? figures::DrawFilters(bank, language_)
                     : figures::DrawOneFilter(bank, static_cast<int>(filter) - 1, language_);
}

absl::StatusOr<figures::Canvas> Gallery::FeatureMaps(const std::string& layer,
                                                     const ShownImage& image,
                                                     int64_t filter) const {
  const nn::Network& network = subject_.model->network();
  CONVOY_RETURN_IF_ERROR(CheckImageFits(image.image, network));
  std::vector<std::string> names;
  for (const nn::Layer& each : network.layers()) names.push_back(each.name);
  const nn::Layer* found = FindLayer(network, names, layer);
  if (found == nullptr) return NoSuchLayer(layer, kNoLayer, names);
  const bool has_maps = found->output.size() == 3;
  CONVOY_RETURN_IF_ERROR(CheckFilter(filter, has_maps ? found->output[2] : 0, found->name));
  std::vector<std::vector<float>> outputs =
      evaluate::LayerOutputs(*subject_.model, image.image.pixels.data());
  return figures::DrawFeatureMaps(
      image.image, image.label == kUnknownLabel ? "" : ClassText(image.label),
      {.layer = found->name,
       .type = std::string(nn::LayerTypeName(found->kind)),
       .shape = found->output,
       .values = std::move(outputs[static_cast<size_t>(found->ordinal)]),
       .is_classes = found == &network.layers().back(),
       .only = static_cast<int>(filter) - 1},
      language_);
}

absl::StatusOr<figures::Canvas> Gallery::Occlusion(const ShownImage& image) const {
  CONVOY_RETURN_IF_ERROR(CheckImageFits(image.image, subject_.model->network()));
  evaluate::Occlusion found =
      evaluate::Occlude(subject_.model, image.image.pixels.data(), threads_);
  return figures::DrawOcclusion(
      {.image = image.image,
       .actual = image.label == kUnknownLabel ? "" : ClassText(image.label),
       .answer = ClassText(found.label),
       .probability = found.probability,
       .drops = std::move(found.drops),
       .side = found.side,
       .top = found.top,
       .left = found.left,
       .answer_without = ClassText(found.label_without),
       .probability_without = found.probability_without},
      language_);
}

absl::StatusOr<ShownImage> Gallery::TestImage(int64_t number) const {
  if (number < 0 || number >= subject_.test.count) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "image: the test images are 0 to $0, not $1", subject_.test.count - 1, number);
  }
  return ShownImage{ImageOf(subject_.test, number), subject_.test.labels[number]};
}

absl::StatusOr<std::vector<figures::NoisyPair>> Gallery::NoisyPairs(double level, int count) const {
  CONVOY_RETURN_IF_ERROR(data::CheckNoiseLevel(level));
  CONVOY_RETURN_IF_ERROR(
      CheckCount(count, subject_.test.count, Marked("cannot show $0 test images; choose 1 to $1")));
  evaluate::Predictor predictor(subject_.model);
  std::vector<figures::NoisyPair> pairs;
  for (int i = 0; i < count; ++i) {
    figures::NoisyPair pair{.original = ImageOf(subject_.test, i),
                            .noisy = {},
                            .actual = ClassText(subject_.test.labels[i]),
                            .of_original = {},
                            .of_noisy = {}};
    CONVOY_RETURN_IF_ERROR(CheckImageFits(pair.original, subject_.model->network()));
    pair.noisy = pair.original;
    data::AddNoise(pair.original.pixels.data(), subject_.test.image_bytes(), level, kNoiseSeed,
                   static_cast<uint32_t>(i), pair.noisy.pixels.data());
    pair.of_original = ReadImage(predictor, pair.original.pixels);
    pair.of_noisy = ReadImage(predictor, pair.noisy.pixels);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

absl::StatusOr<figures::Canvas> Gallery::NoisyImages(double level, int count) const {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<figures::NoisyPair> pairs, NoisyPairs(level, count));
  return figures::DrawNoisyImages(pairs, level, language_);
}

absl::StatusOr<figures::NoiseCurve> Gallery::NoiseCurve(const std::vector<double>& levels) {
  figures::NoiseCurve curve{.name = subject_.name, .levels = levels, .accuracy = {}};
  for (const double level : levels) {
    CONVOY_ASSIGN_OR_RETURN(const evaluate::DetailedEvaluation* evaluation, Evaluate(level));
    curve.accuracy.push_back(evaluation->accuracy);
  }
  return curve;
}

absl::StatusOr<const evaluate::DetailedEvaluation*> Gallery::Evaluate(double noise_level) {
  std::unique_ptr<evaluate::DetailedEvaluation>& known = evaluations_[noise_level];
  if (known == nullptr) {
    CONVOY_ASSIGN_OR_RETURN(evaluate::DetailedEvaluation evaluation,
                            evaluate::EvaluateInDetail(*subject_.model, subject_.test,
                                                       {.noise_level = noise_level,
                                                        .noise_seed = kNoiseSeed,
                                                        .threads = threads_,
                                                        .stop = {}}));
    known = std::make_unique<evaluate::DetailedEvaluation>(std::move(evaluation));
  }
  return known.get();
}

}  // namespace convoy::gallery
