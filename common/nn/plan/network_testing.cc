#include "common/nn/plan/network_testing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/reference_network.h"

namespace convoy::nn {
namespace {

// Clear of the numbers that InitializeWeights draws with seeds of tests.
constexpr uint64_t kSeed = 20;

Network Named(const std::string& name, int height, int width, int channels,
              const std::string& layers) {
  const std::string text = absl::StrCat("name: '", name, "' input { height: ", height,
                                        " width: ", width, " channels: ", channels, " } ", layers);
  absl::StatusOr<ModelSpec> spec = ParseModelSpec(text, name);
  CONVOY_CHECK(spec.ok());
  absl::StatusOr<Network> network = Network::Create(*spec);
  CONVOY_CHECK(network.ok());
  return *std::move(network);
}

}  // namespace

Network NetworkOf(int height, int width, int channels, const std::string& layers) {
  return Named("net", height, width, channels, layers);
}

std::vector<Network> OddNetworks() {
  const std::string end = "layers { flatten {} } layers { dense { units: 3 activation: SOFTMAX } }";
  std::vector<Network> networks;
  networks.push_back(Named("StridesAndSamePadding", 9, 7, 3,
                           R"(
    layers { conv2d { filters: 5 kernel_size: 3 strides: 2 padding: SAME activation: RELU } }
    layers { conv2d { filters: 4 kernel_size: [2, 3] strides: [1, 2] padding: SAME } })" +
                               end));
  networks.push_back(Named("StridesLargerThanTheKernel", 11, 8, 2,
                           R"(
    layers { conv2d { filters: 3 kernel_size: [2, 1] strides: [3, 2] activation: TANH } }
    layers { conv2d { filters: 4 kernel_size: 1 strides: 2 padding: SAME activation: RELU } })" +
                               end));
  networks.push_back(Named("EvenKernels", 10, 11, 1, R"(
    layers { conv2d { filters: 3 kernel_size: [4, 2] padding: SAME activation: TANH } }
    layers { conv2d { filters: 2 kernel_size: 2 activation: SIGMOID } }
    layers { max_pooling2d { pool_size: [2, 3] } })" + end));
  networks.push_back(Named("OnePixel", 1, 1, 1,
                           R"(
    layers { conv2d { filters: 3 kernel_size: 5 padding: SAME activation: TANH } }
    layers { max_pooling2d { pool_size: 3 padding: SAME } }
    layers { conv2d { filters: 2 kernel_size: 1 strides: 4 } })" +
                               end));
  networks.push_back(Named("KernelAsLargeAsTheImage", 5, 8, 2,
                           R"(
    layers { conv2d { filters: 6 kernel_size: [5, 8] activation: RELU } })" +
                               end));
  networks.push_back(Named("KernelLargerThanTheImage", 3, 2, 2,
                           R"(
    layers { conv2d { filters: 3 kernel_size: [7, 6] padding: SAME activation: RELU } })" +
                               end));
  networks.push_back(Named("SigmoidAndTanh", 6, 6, 1, R"(
    layers { conv2d { filters: 4 kernel_size: 3 activation: SIGMOID } }
    layers { max_pooling2d {} } layers { flatten {} }
    layers { dense { units: 7 activation: TANH } }
    layers { dense { units: 5 activation: SIGMOID } }
    layers { dense { units: 4 activation: SOFTMAX } })"));
  networks.push_back(Named("NoBias", 7, 6, 2, R"(
    layers { conv2d { filters: 4 kernel_size: 3 activation: RELU no_bias: true } }
    layers { conv2d { filters: 3 kernel_size: 2 activation: TANH no_bias: true } }
    layers { flatten {} }
    layers { dense { units: 6 activation: RELU no_bias: true } }
    layers { dense { units: 3 activation: SOFTMAX no_bias: true } })"));
  networks.push_back(Named("DropoutInSeveralPlaces", 8, 8, 1, R"(
    layers { dropout { rate: 0.1 } }
    layers { conv2d { filters: 4 kernel_size: 3 activation: RELU } }
    layers { dropout { rate: 0.25 } }
    layers { max_pooling2d {} }
    layers { dropout { rate: 0 } }
    layers { flatten {} }
    layers { dropout { rate: 0.5 } }
    layers { dense { units: 9 activation: TANH } }
    layers { dropout { rate: 0.3 } } layers { dropout { rate: 0.2 } }
    layers { dense { units: 4 } }
    layers { dropout { rate: 0.05 } }
    layers { activation { function: SOFTMAX } })"));
  networks.push_back(Named("ActivationLayers", 7, 7, 2, R"(
    layers { activation { function: SIGMOID } }
    layers { conv2d { filters: 3 kernel_size: 3 } }
    layers { activation { function: RELU } }
    layers { conv2d { filters: 3 kernel_size: 2 activation: TANH } }
    layers { activation { function: LINEAR } }
    layers { max_pooling2d {} }
    layers { activation { function: TANH } }
    layers { flatten {} }
    layers { activation { function: RELU } }
    layers { dense { units: 4 } }
    layers { activation { function: SOFTMAX } })"));
  networks.push_back(Named("OverlappingPools", 9, 10, 2,
                           R"(
    layers { max_pooling2d { pool_size: 3 strides: 1 } }
    layers { conv2d { filters: 3 kernel_size: 2 activation: RELU } }
    layers { max_pooling2d { pool_size: [3, 2] strides: [1, 2] padding: SAME } }
    layers { max_pooling2d { pool_size: 3 strides: 2 padding: SAME } })" +
                               end));
  networks.push_back(Named("PoolsWithGaps", 11, 9, 1,
                           R"(
    layers { conv2d { filters: 4 kernel_size: 3 padding: SAME activation: TANH } }
    layers { max_pooling2d { pool_size: 2 strides: 3 } }
    layers { max_pooling2d { pool_size: 1 strides: 2 padding: SAME } })" +
                               end));
  networks.push_back(Named("FusedBlocks", 15, 12, 8,
                           R"(
    layers { conv2d { filters: 9 kernel_size: 3 activation: RELU } }
    layers { max_pooling2d {} }
    layers { conv2d { filters: 8 kernel_size: 3 padding: SAME activation: RELU no_bias: true } }
    layers { max_pooling2d {} }
    layers { conv2d { filters: 5 kernel_size: 3 padding: SAME activation: RELU } })" +
                               end));
  networks.push_back(Named("FusedBlocksOfWideKernels", 13, 11, 2, R"(
    layers { conv2d { filters: 5 kernel_size: 5 padding: SAME activation: RELU } }
    layers { max_pooling2d {} }
    layers { conv2d { filters: 4 kernel_size: [2, 3] activation: RELU } }
    layers { max_pooling2d {} })" + end));
  networks.push_back(Named("FusedBlocksWithoutPools", 8, 9, 1,
                           R"(
    layers { conv2d { filters: 8 kernel_size: 3 activation: RELU } }
    layers { conv2d { filters: 11 kernel_size: 3 padding: SAME activation: RELU } })" +
                               end));
  networks.push_back(Named("FusedBlocksBehindOtherLayers", 10, 9, 1, R"(
    layers { activation { function: LINEAR } }
    layers { conv2d { filters: 8 kernel_size: 3 activation: RELU } }
    layers { dropout { rate: 0.3 } }
    layers { conv2d { filters: 6 kernel_size: 3 activation: RELU } }
    layers { max_pooling2d {} }
    layers { dropout { rate: 0.3 } })" + end));
  networks.push_back(Named("AveragePools", 9, 10, 2,
                           R"(
    layers { average_pooling2d { pool_size: [2, 3] strides: [1, 2] padding: SAME } }
    layers { conv2d { filters: 5 kernel_size: 3 activation: RELU } }
    layers { average_pooling2d {} }
    layers { dropout { rate: 0.3 } }
    layers { average_pooling2d { pool_size: [2, 1] strides: 1 } })" +
                               end));
  networks.push_back(Named("GlobalAveragePool", 8, 7, 1, R"(
    layers { conv2d { filters: 6 kernel_size: 3 activation: RELU } }
    layers { max_pooling2d {} }
    layers { global_average_pooling2d {} }
    layers { dense { units: 3 activation: SOFTMAX } })"));
  networks.push_back(Named("ActivationsWithAlpha", 7, 8, 2, R"(
    layers { conv2d { filters: 4 kernel_size: 3 } }
    layers { activation { function: LEAKY_RELU } }
    layers { conv2d { filters: 3 kernel_size: 2 } }
    layers { activation { function: ELU } }
    layers { flatten {} }
    layers { dense { units: 6 kernel_regularizer { l2: 0.1 } } }
    layers { activation { function: ELU alpha: 0.5 } }
    layers { dense { units: 5 } }
    layers { activation { function: LEAKY_RELU alpha: 0.01 } }
    layers { dense { units: 3 activation: SOFTMAX } })"));
  networks.push_back(Named("DenseOnly", 4, 5, 1, R"(
    layers { flatten {} }
    layers { dense { units: 11 activation: RELU } }
    layers { dense { units: 1 activation: TANH } }
    layers { dense { units: 2 activation: SOFTMAX } })"));
  networks.push_back(Named("ManyClasses", 3, 5, 1, R"(
    layers { flatten {} } layers { flatten {} }
    layers { dense { units: 256 activation: SOFTMAX } })"));
  networks.push_back(Named("NormalizedResidual", 6, 5, 3, R"(
    layers { rescaling { scale: [2, 1, 0.5] offset: [-1, 0, 0.25] } }
    layers { zero_padding2d { padding: [1, 0, 2, 1] } }
    layers { name: "stem" conv2d { filters: 4 kernel_size: 3 padding: SAME activation: TANH } }
    layers { average_pooling2d {} }
    layers { name: "pooled" depthwise_conv2d { kernel_size: 3 padding: SAME activation: TANH } }
    layers { group_normalization { groups: 2 } }
    layers { separable_conv2d { filters: 4 kernel_size: 2 padding: SAME depth_multiplier: 2 } }
    layers { add { from: "pooled" } }
    layers { name: "skipped" conv2d { filters: 4 kernel_size: 3 padding: SAME activation: TANH } }
    layers { add { from: "skipped" } }
    layers { depthwise_conv2d { kernel_size: 2 strides: 2 no_bias: true } }
    layers { flatten {} }
    layers { dense { units: 3 activation: SOFTMAX } })"));
  return networks;
}

std::vector<Network> BatchNetworks() {
  std::vector<Network> networks;
  networks.push_back(Named("NormalizedImages", 7, 6, 2, R"(
    layers { batch_normalization {} }
    layers { conv2d { filters: 4 kernel_size: 3 no_bias: true } }
    layers { batch_normalization { momentum: 0.5 epsilon: 0.01 } }
    layers { activation { function: TANH } }
    layers { average_pooling2d { strides: 1 } }
    layers { flatten {} }
    layers { dense { units: 3 activation: SOFTMAX } })"));
  networks.push_back(Named("NormalizedFeatures", 4, 4, 1, R"(
    layers { flatten {} }
    layers { dense { units: 5 activation: SIGMOID } }
    layers { batch_normalization {} }
    layers { dropout { rate: 0.2 } }
    layers { dense { units: 4 } }
    layers { batch_normalization {} }
    layers { activation { function: SOFTMAX } })"));
  networks.push_back(Named("NormalizedBehindFusedBlocks", 8, 8, 1, R"(
    layers { conv2d { filters: 3 kernel_size: 3 activation: RELU } }
    layers { max_pooling2d {} }
    layers { batch_normalization {} }
    layers { conv2d { filters: 4 kernel_size: 2 activation: RELU } }
    layers { batch_normalization {} }
    layers { global_average_pooling2d {} }
    layers { dense { units: 3 activation: SOFTMAX } })"));
  return networks;
}

void PrintTo(const Network& network, std::ostream* out) { *out << network.spec().name; }

std::vector<float> NoisyWeights(const Network& network) {
  std::vector<float> weights(static_cast<size_t>(network.num_parameters()));
  InitializeWeights(network, kSeed, weights.data());
  RandomSequence random(kSeed, RandomStream::kNoise, 0);
  for (float& weight : weights) weight += 0.1f * random.NextFloat() - 0.05f;  // variances stay > 0
  return weights;
}

std::vector<double> ToDouble(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

void TestImages::Add(const uint8_t* pixels, int64_t elems, Label label, uint32_t index) {
  images_.emplace_back(pixels, pixels + elems);
  labels_.push_back(label);
  index_.push_back(index);
}

void TestImages::Append(const TestImages& others) {
  images_.insert(images_.end(), others.images_.begin(), others.images_.end());
  labels_.insert(labels_.end(), others.labels_.begin(), others.labels_.end());
  index_.insert(index_.end(), others.index_.begin(), others.index_.end());
}

TestImages TestImages::Slice(int first, int count) const {
  TestImages slice;
  for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(first + count); ++i) {
    slice.Add(images_[i].data(), static_cast<int64_t>(images_[i].size()), labels_[i], index_[i]);
  }
  return slice;
}

TestImages TestImages::Reversed() const {
  TestImages reversed = *this;
  std::reverse(reversed.images_.begin(), reversed.images_.end());
  std::reverse(reversed.labels_.begin(), reversed.labels_.end());
  std::reverse(reversed.index_.begin(), reversed.index_.end());
  return reversed;
}

ImageBatch TestImages::Batch() {
  pointers_.clear();
  for (const std::vector<uint8_t>& image : images_) pointers_.push_back(image.data());
  return {.num_images = count(), .pixels = pointers_.data(), .labels = labels_.data()};
}

Pass TestImages::TrainingPass() const {
  return {.num_images = count(), .image_index = index_.data(), .seed = kSeed, .epoch = 3};
}

std::vector<double> TestImages::UnitValues() const {
  std::vector<double> values;
  for (const std::vector<uint8_t>& image : images_) {
    for (const uint8_t pixel : image) values.push_back(pixel / 255.0);
  }
  return values;
}

bool DecidesClearly(const Network& network, const std::vector<double>& weights,
                    const TestImages& images, double rounding) {
  ReferenceNetwork<double> reference(network);
  const std::vector<double> values = images.UnitValues();
  reference.Loss(images.TrainingPass(), weights.data(), values.data(), images.labels(), nullptr);
  return DecidesClearly(network, reference, images.count(), weights, values, rounding);
}

TestImages NoiseImages(const Network& network, int count, uint32_t stream) {
  RandomSequence random(kSeed, RandomStream::kNoise, stream);
  TestImages images;
  std::vector<uint8_t> pixels(static_cast<size_t>(network.input_elems()));
  for (int i = 0; i < count; ++i) {
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
    const auto classes = static_cast<uint64_t>(network.num_classes());
    const auto label = static_cast<Label>(random.NextBelow(classes));
    images.Add(pixels.data(), network.input_elems(), label, random.NextUint32());
  }
  return images;
}

namespace {

bool ImagesDependOnOneAnother(const Network& network) {
  return std::any_of(network.layers().begin(), network.layers().end(), [](const Layer& layer) {
    return std::holds_alternative<BatchNormalizationSpec>(layer.kind);
  });
}

}  // namespace

std::vector<Network> AllNetworks() {
  std::vector<Network> networks = OddNetworks();
  for (const std::string& name : BuiltinModelNames()) {
    Network network = Network::Create(LoadModelSpec(name).value()).value();
    // Of so many decisions, over images that depend on one another, some are always near: small
    // networks stand for these.
    if (!ImagesDependOnOneAnother(network)) networks.push_back(std::move(network));
  }
  return networks;
}

TestImages ClearNoiseImages(const Network& network, const std::vector<double>& weights, int count,
                            double rounding) {
  const int at_once = ImagesDependOnOneAnother(network) ? count : 1;
  TestImages images;
  for (uint32_t stream = 1; images.count() < count; ++stream) {
    CONVOY_CHECK_LT(stream, 100u * static_cast<uint32_t>(count));
    const TestImages candidate = NoiseImages(network, at_once, stream);
    if (DecidesClearly(network, weights, candidate, rounding)) images.Append(candidate);
  }
  return images;
}

std::vector<TensorError> GradientErrors(const Network& network, const std::vector<float>& actual,
                                        const std::vector<double>& expected) {
  double whole = 0;
  for (const double value : expected) whole += value * value;
  std::vector<TensorError> errors;
  for (const Parameter& parameter : network.Parameters()) {
    double difference = 0;
    double norm = 0;
    for (auto i = static_cast<size_t>(parameter.offset);
         i < static_cast<size_t>(parameter.offset + parameter.size); ++i) {
      difference += std::pow(static_cast<double>(actual[i]) - expected[i], 2);
      norm += std::pow(expected[i], 2);
    }
    const bool same = difference == 0;
    errors.push_back({.name = parameter.name,
                      .relative_l2 = same ? 0 : std::sqrt(difference / norm),
                      .part_of_whole = same ? 0 : std::sqrt(difference / whole)});
  }
  return errors;
}

}  // namespace convoy::nn
