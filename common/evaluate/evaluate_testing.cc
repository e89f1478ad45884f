#include "common/evaluate/evaluate_testing.h"

#include <vector>

#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"

namespace convoy::evaluate {

formats::ModelFile UntrainedModelFile(const std::string& network_name, uint64_t seed) {
  const nn::ModelSpec spec = nn::LoadModelSpec(network_name).value();
  const nn::Network network = nn::Network::Create(spec).value();
  std::vector<float> weights(static_cast<size_t>(network.num_parameters()));
  nn::InitializeWeights(network, seed, weights.data());
  formats::ModelFile file;
  file.model_textproto = nn::ModelSpecToText(spec);
  file.kernel_family = {.isa = "baseline", .blas_core = "Haswell"};
  for (const nn::Parameter& parameter : network.Parameters()) {
    const float* values = weights.data() + parameter.offset;
    file.tensors.push_back({.name = parameter.name,
                            .shape = parameter.shape,
                            .trainable = true,
                            .data = {values, values + parameter.size}});
  }
  return file;
}

std::shared_ptr<const LoadedModel> UntrainedModel(const std::string& network) {
  return LoadedModel::Create(UntrainedModelFile(network), network).value();
}

data::Dataset NoiseDataset(int64_t count) {
  RandomSequence random(1, RandomStream::kNoise);
  data::Dataset data{.count = count, .height = 28, .width = 28, .channels = 1, .num_classes = 10};
  for (int64_t i = 0; i < count * 784; ++i) {
    data.pixels.push_back(static_cast<uint8_t>(random.NextBelow(256)));
  }
  for (int64_t i = 0; i < count; ++i) {
    data.labels.push_back(static_cast<uint8_t>(random.NextBelow(10)));
  }
  return data;
}

}  // namespace convoy::evaluate
