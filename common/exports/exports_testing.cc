#include "common/exports/exports_testing.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/probabilities.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/network_testing.h"
#include "common/nn/plan/reference_network.h"

namespace convoy::exports {
namespace {

// Returns the index of the first Flatten of an image, or -1.
int FlattenOfImage(const nn::Network& network) {
  for (const nn::Layer& layer : network.layers()) {
    if (std::holds_alternative<nn::FlattenSpec>(layer.kind) && layer.input.size() == 3) {
      return layer.ordinal;
    }
  }
  return -1;
}

nn::Network NetworkOf(const formats::ModelFile& model) {
  absl::StatusOr<nn::Network> network = NetworkOfModel(model);
  CONVOY_CHECK(network.ok());
  return *std::move(network);
}

// Returns the network with the one alpha of ELU that every format has.
nn::Network WithUsualElu(const nn::Network& network) {
  nn::ModelSpec spec = network.spec();
  for (nn::LayerSpec& layer : spec.layers) {
    auto* activation = std::get_if<nn::ActivationSpec>(&layer.kind);
    if (activation != nullptr && activation->function == nn::ActivationFunction::kElu) {
      activation->alpha = 1;
    }
  }
  return nn::Network::Create(spec).value();
}

// Returns the network with the normalization that every format has.
nn::Network WithoutGroupNormalization(const nn::Network& network) {
  nn::ModelSpec spec = network.spec();
  for (nn::LayerSpec& layer : spec.layers) {
    if (std::holds_alternative<nn::GroupNormalizationSpec>(layer.kind)) {
      layer.kind = nn::BatchNormalizationSpec{};
    }
  }
  return nn::Network::Create(spec).value();
}

// By how much the probability of one class differs at least between images of noise.
constexpr double kRange = 0.1;

// The last kernel, which no activation but the softmax follows, is multiplied by both factors.
formats::ModelFile WithKernelsTimes(float scale, float last_scale, const nn::Network& network) {
  const std::vector<float> weights = nn::NoisyWeights(network);
  formats::ModelFile model;
  model.model_textproto = nn::ModelSpecToText(network.spec());
  model.recipe_textproto =
      "optimizer { name: \"adam\" learning_rate: 0.002 beta_1: 0.9 beta_2: 0.99 epsilon: 1e-7 }";
  for (const nn::Parameter& parameter : network.Parameters()) {
    const auto begin = weights.begin() + parameter.offset;
    formats::NamedTensor tensor{
        parameter.name, parameter.shape, parameter.trainable, {begin, begin + parameter.size}};
    if (tensor.shape.size() > 1) {
      for (float& weight : tensor.data) weight *= scale;
    }
    model.tensors.push_back(std::move(tensor));
  }
  const auto last = std::find_if(model.tensors.rbegin(), model.tensors.rend(),
                                 [](const auto& tensor) { return tensor.shape.size() > 1; });
  if (last == model.tensors.rend()) return model;
  for (float& weight : last->data) weight *= last_scale;
  return model;
}

// Makes the mean logits over the images zero, where the last layer has a bias: otherwise a large
// kernel would make one class certain whatever the image.
void Center(const nn::Network& network, const data::Dataset& images, formats::ModelFile* model) {
  formats::NamedTensor& bias = model->tensors.back();
  if (bias.shape.size() != 1) return;
  std::vector<double> weights;
  for (const formats::NamedTensor& tensor : model->tensors) {
    weights.insert(weights.end(), tensor.data.begin(), tensor.data.end());
  }
  std::vector<double> values(images.pixels.size());
  std::transform(images.pixels.begin(), images.pixels.end(), values.begin(),
                 [](uint8_t pixel) { return pixel / 255.0; });
  nn::ReferenceNetwork<double> reference(network);
  const std::vector<double>& logits =
      reference.Infer(static_cast<int>(images.count), weights.data(), values.data());
  for (size_t i = 0; i < logits.size(); ++i) {
    bias.data[i % bias.data.size()] -= static_cast<float>(logits[i] / images.count);
  }
}

double RangeOfProbabilities(const formats::ModelFile& model, const data::Dataset& images) {
  const std::vector<double> p = ConvoyProbabilities(model, images.View()).value();
  const size_t classes = p.size() / static_cast<size_t>(images.count);
  double range = 0;
  for (size_t c = 0; c < classes; ++c) {
    double least = 1;
    double most = 0;
    for (size_t i = c; i < p.size(); i += classes) {
      least = std::min(least, p[i]);
      most = std::max(most, p[i]);
    }
    range = std::max(range, most - least);
  }
  return range;
}

formats::NamedTensor& TensorNamed(const std::string& name, formats::ModelFile* model) {
  const auto found = std::find_if(model->tensors.begin(), model->tensors.end(),
                                  [&name](const auto& tensor) { return tensor.name == name; });
  CONVOY_CHECK(found != model->tensors.end());
  return *found;
}

}  // namespace

formats::ModelFile ModelOf(const nn::Network& network) {
  const data::Dataset images = RandomImages(network, 16);
  // Large kernels bring images apart, but in a sigmoid all the same values out: then the last
  // alone.
  for (const float last_scale : {1.0F, 8.0F, 64.0F}) {
    for (float scale = 1; scale < 10; scale *= 1.5F) {
      formats::ModelFile model = WithKernelsTimes(scale, last_scale, network);
      if (last_scale > 1) Center(network, images, &model);
      if (RangeOfProbabilities(model, images) >= kRange) return model;
    }
  }
  CONVOY_CHECK(false);
  return {};
}

formats::ModelFile ModelOf(const std::string& textproto) {
  const absl::StatusOr<nn::ModelSpec> spec = nn::ParseModelSpec(textproto, "test");
  CONVOY_CHECK(spec.ok());
  const absl::StatusOr<nn::Network> network = nn::Network::Create(*spec);
  CONVOY_CHECK(network.ok());
  return ModelOf(*network);
}

formats::ModelFile BuiltinModel(const std::string& name) {
  return ModelOf(nn::Network::Create(nn::LoadModelSpec(name).value()).value());
}

std::vector<nn::Network> ExportNetworks() {
  std::vector<nn::Network> networks;
  for (const nn::Network& network : nn::OddNetworks()) {
    networks.push_back(WithUsualElu(WithoutGroupNormalization(network)));
  }
  for (nn::Network& network : nn::BatchNetworks()) networks.push_back(std::move(network));
  for (const char* text :
       {// The features become the classes, so that nothing can take up their order.
        R"(name: "FlattenWithoutDense" input { height: 5 width: 4 channels: 2 }
              layers { conv2d { filters: 3 kernel_size: 2 padding: SAME strides: 2 } }
              layers { flatten {} } layers { activation { function: SOFTMAX } })",
        R"(name: "LayersBetweenFlattenAndDense" input { height: 6 width: 5 channels: 2 }
              layers { conv2d { filters: 3 kernel_size: 3 } } layers { flatten {} }
              layers { dropout { rate: 0.5 } } layers { activation { function: TANH } }
              layers { flatten {} } layers { dense { units: 3 activation: SOFTMAX } })",
        R"(name: "NormalizationBetweenFlattenAndDense" input { height: 6 width: 5 channels: 2 }
              layers { conv2d { filters: 3 kernel_size: 3 } } layers { flatten {} }
              layers { batch_normalization {} } layers { activation { function: ELU } }
              layers { dense { units: 3 activation: SOFTMAX } })",
        R"(name: "NormalizationOfClasses" input { height: 5 width: 4 channels: 1 }
              layers { conv2d { filters: 3 kernel_size: 2 } } layers { flatten {} }
              layers { batch_normalization {} } layers { activation { function: SOFTMAX } })",
        R"(name: "NamesThatLookLikeValues" input { height: 4 width: 4 channels: 1 }
              layers { name: "x" conv2d { filters: 2 kernel_size: 2 activation: RELU } }
              layers { name: "x_linear" max_pooling2d { pool_size: 2 strides: 1 } }
              layers { name: "x_input" conv2d { filters: 3 kernel_size: 1 activation: TANH } }
              layers { name: "x_1" flatten {} }
              layers { name: "x_linear_1" dense { units: 3 activation: SOFTMAX } })"}) {
    networks.push_back(NetworkOf(ModelOf(text)));
  }
  return networks;
}

nn::Network GroupNormalizedNetwork() {
  nn::ModelSpec spec;
  for (const nn::Network& network : nn::OddNetworks()) {
    if (network.spec().name == "NormalizedResidual") spec = network.spec();
  }
  spec.name = "GroupNormalizedResidual";
  return nn::Network::Create(spec).value();
}

data::Dataset RandomImages(const nn::Network& network, int64_t count) {
  data::Dataset images{.count = count,
                       .height = network.spec().height,
                       .width = network.spec().width,
                       .channels = network.spec().channels,
                       .num_classes = network.num_classes()};
  RandomSequence random(1, RandomStream::kNoise, 7);
  images.pixels.resize(static_cast<size_t>(count * network.input_elems()));
  for (uint8_t& pixel : images.pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
  images.labels.assign(static_cast<size_t>(count), 0);
  return images;
}

bool HasFlattenOrder(const nn::Network& network) {
  const int flatten = FlattenOfImage(network);
  if (flatten < 0) return false;
  const Shape& image = network.layers()[static_cast<size_t>(flatten)].input;
  const bool dense =
      std::any_of(network.layers().begin() + flatten, network.layers().end(),
                  [](const nn::Layer& l) { return std::holds_alternative<nn::DenseSpec>(l.kind); });
  return dense && image[0] * image[1] > 1 && image[2] > 1;
}

bool HasKernelOrder(const nn::Network& network) {
  return std::any_of(network.layers().begin(), network.layers().end(), [](const nn::Layer& layer) {
    if (!std::holds_alternative<nn::Conv2dSpec>(layer.kind)) return false;
    const Shape& kernel = layer.parameters[0].shape;
    return kernel[0] * kernel[1] * kernel[2] > 1 && kernel[3] > 1;
  });
}

formats::ModelFile WithFlattenInChw(formats::ModelFile model) {
  const nn::Network network = NetworkOf(model);
  if (!HasFlattenOrder(network)) return model;
  const auto flatten = static_cast<size_t>(FlattenOfImage(network));
  const Shape image = network.layers()[flatten].input;
  const auto dense = std::find_if(
      network.layers().begin() + FlattenOfImage(network), network.layers().end(),
      [](const nn::Layer& l) { return std::holds_alternative<nn::DenseSpec>(l.kind); });
  formats::NamedTensor& kernel = TensorNamed(dense->parameters[0].name, &model);
  const std::vector<float> rows = kernel.data;
  const int64_t places = image[0] * image[1];
  const int64_t units = kernel.shape[1];
  for (int64_t place = 0; place < places; ++place) {
    for (int64_t c = 0; c < image[2]; ++c) {
      const auto row = rows.begin() + (place * image[2] + c) * units;
      std::copy(row, row + units, kernel.data.begin() + (c * places + place) * units);
    }
  }
  return model;
}

formats::ModelFile WithKernelsInOihw(formats::ModelFile model) {
  for (formats::NamedTensor& kernel : model.tensors) {
    if (kernel.shape.size() != 4) continue;
    const std::vector<float> hwio = kernel.data;
    const int64_t rest = kernel.shape[0] * kernel.shape[1] * kernel.shape[2];
    const int64_t window = kernel.shape[0] * kernel.shape[1];
    for (int64_t i = 0; i < static_cast<int64_t>(hwio.size()); ++i) {
      const int64_t f = i % kernel.shape[3];
      const int64_t c = i / kernel.shape[3] % kernel.shape[2];
      const int64_t place = i / kernel.shape[3] / kernel.shape[2];
      kernel.data[static_cast<size_t>(f * rest + c * window + place)] =
          hwio[static_cast<size_t>(i)];
    }
  }
  return model;
}

bool SameTensors(const std::vector<formats::NamedTensor>& a,
                 const std::vector<formats::NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.shape == y.shape && x.trainable == y.trainable &&
           x.data.size() == y.data.size() &&
           std::memcmp(x.data.data(), y.data.data(), x.data.size() * sizeof(float)) == 0;
  });
}

}  // namespace convoy::exports
