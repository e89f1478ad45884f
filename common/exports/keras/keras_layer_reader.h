// One layer of Keras's JSON as a layer of Convoy.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_config.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {

// The layer that is two here, whose weights are shared out between them.
inline constexpr char kSeparableConv2d[] = "SeparableConv2D";

inline constexpr char kFlatten[] = "Flatten";

// Whose mean and variance are weights, or numbers in its settings.
inline constexpr char kNormalization[] = "Normalization";

// What a layer is given.
struct KerasLayerInput {
  bool flat = false;            // features, not an image
  bool channels_first = false;  // the model's images are [channels, height, width]
};

// Returns what computes the same as the layer on images with their channels last: one layer, none
// if it does nothing outside of training (said in `notes`), more where Convoy has the activation as
// layers of its own, and for kSeparableConv2d the depthwise convolution and the one of single
// pixels. `config` are the layer's settings. Returns INVALID_ARGUMENT, naming the layer and the
// field, for what Convoy does not have.
absl::StatusOr<std::vector<nn::LayerKind>> ReadKerasLayer(const std::string& class_name,
                                                          const JsonFields& config,
                                                          const KerasLayerInput& input,
                                                          Notes* notes);

// Returns INVALID_ARGUMENT if the layer's images have their channels elsewhere than the model's.
absl::Status CheckDataFormat(const JsonFields& config, bool channels_first);

}  // namespace convoy::exports
