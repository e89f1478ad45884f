// What the tests of exports share: models that tell their images apart, images, and models as a
// wrong writer would lay them out.
#pragma once

#include <string>
#include <vector>

#include "common/data/dataset.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::exports {

// Returns a model with noisy weights for `network`, large enough that some probability differs by a
// tenth between images, and a recipe with Adam.
formats::ModelFile ModelOf(const nn::Network& network);

// Returns the model of a network in text format.
formats::ModelFile ModelOf(const std::string& textproto);

// Returns the model of a built-in network, such as "notebook".
formats::ModelFile BuiltinModel(const std::string& name);

// Returns small networks that together have every layer and option, and shapes that writers get
// wrong easily.
std::vector<nn::Network> ExportNetworks();

// A network with group normalization, which TensorFlow.js has not.
nn::Network GroupNormalizedNetwork();

// Returns `count` images of noise that fit `network`.
data::Dataset RandomImages(const nn::Network& network, int64_t count);

// Returns whether any dense layer's rows or any convolution's kernel have an order that could be
// mistaken: for a network without, the functions below return what they are given.
bool HasFlattenOrder(const nn::Network& network);
bool HasKernelOrder(const nn::Network& network);

// Return the model as somebody would write it who forgets to reorder: the first dense layer's rows
// in the order C, H, W; the numbers of each convolution kernel in the order OC, C, KH, KW.
formats::ModelFile WithFlattenInChw(formats::ModelFile model);
formats::ModelFile WithKernelsInOihw(formats::ModelFile model);

// Returns whether the bits of all weights are the same, and names and shapes.
bool SameTensors(const std::vector<formats::NamedTensor>& a,
                 const std::vector<formats::NamedTensor>& b);

}  // namespace convoy::exports
