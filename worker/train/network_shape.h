// Networks that come with Convoy take the size and the classes of the data that they train on.
#pragma once

#include "common/data/dataset.h"
#include "convoy/v1/model.pb.h"

namespace convoy::train {

// Sets the input to the images' size and, where the last layer is dense, its units to the number of
// classes. Labels without names are numbers up to the largest that occurs: these only add units.
void FollowData(const data::DataSource& source, v1::Model* model);

// Sets input and last layer to those of `like`, a network that followed its data before.
void FollowNetwork(const v1::Model& like, v1::Model* model);

}  // namespace convoy::train
