// Arithmetic with a number between the layers of a Functional model, as in `x = inputs / 255`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace convoy::exports {

// value * scale + offset.
struct KerasArithmetic {
  double scale = 1;
  double offset = 0;
};

// Returns what the layer computes of its one input if it adds, subtracts, multiplies with or
// divides by a number: TensorFlow's function (TFOpLambda) or Keras 3's operation. Nothing for any
// other layer.
std::optional<KerasArithmetic> ReadKerasArithmetic(const nlohmann::json& layer);

}  // namespace convoy::exports
