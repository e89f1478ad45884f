// The weights of a network out of the forms in which Keras's files keep them.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/exports/hdf5/hdf5_reader.h"
#include "common/exports/keras/keras_config.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::exports {

// All return the tensors of `network` in its order, with every bit; what a normalization without
// scale or center lacks is filled with 1 or 0, and what follows a flattened image of
// `network.channel_major` is brought from the order channels, height, width to ours. Return
// INVALID_ARGUMENT, naming the layer or the array, where one is missing, too many or of another
// shape.

// Of an .h5 file that holds the whole model: below /model_weights, by the layers' names. The file
// must not hold weights of layers that are not among `network.groups`.
absl::StatusOr<std::vector<formats::NamedTensor>> WeightsByName(const Hdf5Reader& reader,
                                                                const nn::Network& network,
                                                                const KerasNetwork& keras);

// Of the .weights.h5 file in a .keras archive, or alone: by kinds of layers, counted.
absl::StatusOr<std::vector<formats::NamedTensor>> WeightsByPath(const Hdf5Reader& reader,
                                                                const nn::Network& network,
                                                                const KerasNetwork& keras);

// Of a file of save_weights, which may be in either form: layer by layer in their order, whatever
// they are called there.
absl::StatusOr<std::vector<formats::NamedTensor>> WeightsInOrder(const Hdf5Reader& reader,
                                                                 const nn::Network& network);

// Whether the kernels in an .h5 file are turned by half a turn, as Theano's convolutions want them;
// the functions above turn them back.
bool HasTurnedKernels(const Hdf5Reader& reader);

}  // namespace convoy::exports
