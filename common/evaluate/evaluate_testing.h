// What the tests of evaluation and of what is built on it share: models and images.
#pragma once

#include <memory>
#include <string>

#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "common/formats/model_file.h"

namespace convoy::evaluate {

// Returns the file of a built-in network with initial weights.
formats::ModelFile UntrainedModelFile(const std::string& network, uint64_t seed = 3);

// Returns the file of a small network for images [28, 28, 1] with a batch normalization.
formats::ModelFile NormalizedModelFile();

// Returns the file of a single dense layer on images [28, 28, 1], whose classes are "sort 0", "sort
// 1", ...
formats::ModelFile ManyClassesModelFile(int classes);

// Returns the built-in network, loaded.
std::shared_ptr<const LoadedModel> UntrainedModel(const std::string& network = "notebook");

// Returns noise images [28, 28, 1] with random labels of 10 classes.
data::Dataset NoiseDataset(int64_t count);

}  // namespace convoy::evaluate
