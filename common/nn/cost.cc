#include "common/nn/cost.h"

#include <variant>

namespace convoy::nn {
namespace {

// Shapes of a checked network are no larger than numbers.
int64_t Elems(const Shape& shape) { return NumElems(shape).value_or(0); }

}  // namespace

int64_t Multiplications(const Layer& layer) {
  if (const auto* conv = std::get_if<Conv2dSpec>(&layer.kind)) {
    return Elems(layer.output) * conv->kernel.height * conv->kernel.width * layer.input[2];
  }
  if (const auto* conv = std::get_if<DepthwiseConv2dSpec>(&layer.kind)) {
    return Elems(layer.output) * conv->kernel.height * conv->kernel.width;
  }
  if (std::holds_alternative<DenseSpec>(layer.kind)) {
    return layer.input[0] * layer.output[0];
  }
  return 0;
}

int64_t Multiplications(const Network& network) {
  int64_t sum = 0;
  for (const Layer& layer : network.layers()) sum += Multiplications(layer);
  return sum;
}

int64_t OutputElems(const Network& network) {
  int64_t sum = 0;
  for (const Layer& layer : network.layers()) sum += Elems(layer.output);
  return sum;
}

}  // namespace convoy::nn
