// Networks that were trained on other values than Convoy gives them, which are from 0 to 1.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/exports/keras/keras_reader.h"
#include "common/formats/model_file.h"

namespace convoy::exports {

// What a network wants to be given: value * scale + offset, for a value from 0 to 1.
struct InputScale {
  std::string name;  // "0..255"
  double scale = 1;
  double offset = 0;
};

// Returns the scales that people train with: 0..1, 0..255, -1..1, standardised (MNIST's mean 0.1307
// and deviation 0.3081) and inverted (black on white).
const std::vector<InputScale>& InputScales();

// Returns the scale of that name. Returns INVALID_ARGUMENT, with the nearest name, if there is
// none.
absl::StatusOr<InputScale> FindInputScale(const std::string& name);

// Returns the model that makes of values from 0 to 1 what `model` makes of value * scale + offset:
// by the kernel and bias of its first layer where that is exact, otherwise by a batch normalization
// at the front that computes just that. The weights' bits stay as they are for 1 and 0. Returns
// INVALID_ARGUMENT as NetworkOfModel does, or if the scale is 0 or not finite.
absl::StatusOr<formats::ModelFile> WithInputScale(const formats::ModelFile& model, double scale,
                                                  double offset);

// Returns the model of a Keras file that makes of values from 0 to 1 what the file's own network,
// with the Rescaling layers that it begins with, makes of value * scale + offset. Errors as above.
absl::StatusOr<formats::ModelFile> WithInputScale(const KerasModel& file, const InputScale& scale);

// Returns 0..255 for a file that begins with Rescaling layers, 0..1 for others.
InputScale UsualScale(const KerasModel& file);

struct ScaleChoice {
  InputScale scale;
  std::vector<std::pair<std::string, double>> accuracies;  // of each scale, by its name
  bool knows_the_images = false;  // false: the images tell nothing, none has half of them right
};

// Tries all scales on the images: the one with which most are named right if it is better than the
// usual one by more than a hundredth, otherwise the usual one. Returns INVALID_ARGUMENT if the
// images do not fit the network or there is none.
absl::StatusOr<ScaleChoice> ChooseInputScale(const KerasModel& file,
                                             const data::DatasetView& images);

}  // namespace convoy::exports
