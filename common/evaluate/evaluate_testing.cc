#include "common/evaluate/evaluate_testing.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"

namespace convoy::evaluate {

namespace {

formats::ModelFile FileOf(const nn::ModelSpec& spec, uint64_t seed) {
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
                            .trainable = parameter.trainable,
                            .data = {values, values + parameter.size}});
  }
  return file;
}

}  // namespace

formats::ModelFile UntrainedModelFile(const std::string& network, uint64_t seed) {
  return FileOf(nn::LoadModelSpec(network).value(), seed);
}

formats::ModelFile NormalizedModelFile() {
  constexpr char kNetwork[] =
      "name: 'normalized' input { height: 28 width: 28 }\n"
      "layers { conv2d { filters: 2 kernel_size: 3 } }\n"
      "layers { batch_normalization {} } layers { flatten {} }\n"
      "layers { dense { units: 10 activation: SOFTMAX } }";
  return FileOf(nn::ParseModelSpec(kNetwork, "normalized").value(), 3);
}

formats::ModelFile ManyClassesModelFile(int classes) {
  const std::string network =
      absl::StrCat("name: 'many' input { height: 28 width: 28 } layers { flatten {} }\n",
                   "layers { dense { units: ", classes, " activation: SOFTMAX } }");
  formats::ModelFile file = FileOf(nn::ParseModelSpec(network, "many").value(), 3);
  for (int i = 0; i < classes; ++i) file.class_names.push_back(absl::StrCat("sort ", i));
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
    data.labels.push_back(static_cast<Label>(random.NextBelow(10)));
  }
  return data;
}

}  // namespace convoy::evaluate
