#include "common/evaluate/layer_outputs.h"

#include <algorithm>
#include <cmath>

#include "common/nn/plan/reference_network.h"

namespace convoy::evaluate {
namespace {

void SoftmaxInPlace(std::vector<float>* logits) {
  const float largest = *std::max_element(logits->begin(), logits->end());
  double sum = 0;
  for (const float logit : *logits) sum += std::exp(double{logit} - largest);
  for (float& logit : *logits) {
    logit = static_cast<float>(std::exp(double{logit} - largest) / sum);
  }
}

}  // namespace

std::vector<std::vector<float>> LayerOutputs(const LoadedModel& model, const uint8_t* pixels) {
  const nn::Network& network = model.network();
  std::vector<float> image(pixels, pixels + network.input_elems());
  for (float& value : image) value /= 255.0f;
  nn::ReferenceNetwork<float> reference(network);
  reference.Infer(1, model.weights().weights, image.data());
  std::vector<std::vector<float>> outputs;
  for (const nn::LayerTrace<float>& trace : reference.traces()) outputs.push_back(trace.output);
  SoftmaxInPlace(&outputs.back());
  return outputs;
}

}  // namespace convoy::evaluate
