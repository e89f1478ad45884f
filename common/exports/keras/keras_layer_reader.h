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

// Returns what computes the same as the layer: one layer, none if it does nothing outside of
// training (said in `notes`), one more where Convoy has the activation as a layer of its own, and
// for kSeparableConv2d the depthwise convolution and the one of single pixels. `config`
// are the layer's settings; `flat` says that it is given features, not an image. Returns
// INVALID_ARGUMENT, naming the layer and the field, for what Convoy does not have.
absl::StatusOr<std::vector<nn::LayerKind>> ReadKerasLayer(const std::string& class_name,
                                                          const JsonFields& config, bool flat,
                                                          Notes* notes);

}  // namespace convoy::exports
