#include "worker/train/network_shape.h"

#include <algorithm>

namespace convoy::train {
namespace {

// Returns the dense layer that ends the network, null if it ends otherwise.
v1::Dense* LastDense(v1::Model* model) {
  if (model->layers().empty()) return nullptr;
  v1::Layer* last = model->mutable_layers(model->layers_size() - 1);
  return last->has_dense() ? last->mutable_dense() : nullptr;
}

}  // namespace

void FollowData(const data::DataSource& source, v1::Model* model) {
  const data::Dataset& train = source.train;
  model->mutable_input()->set_height(train.height);
  model->mutable_input()->set_width(train.width);
  model->mutable_input()->set_channels(train.channels);
  v1::Dense* last = LastDense(model);
  if (last == nullptr) return;
  const int least = source.class_names.empty() ? last->units() : 0;
  last->set_units(std::max(least, train.num_classes));
}

void FollowNetwork(const v1::Model& like, v1::Model* model) {
  *model->mutable_input() = like.input();
  v1::Dense* last = LastDense(model);
  if (last == nullptr || like.layers().empty()) return;
  last->set_units(like.layers(like.layers_size() - 1).dense().units());
}

}  // namespace convoy::train
