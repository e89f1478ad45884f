// The images that a model is looked at with, and whether it was trained on them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"

namespace convoy::client {

// Whether the model was trained on these images, as far as its file tells.
bool TrainedOn(const evaluate::LoadedModel& model, const data::DataSource& source);

// Loads what `data`, the value of --data, asks for, brought to the model's form; `model` may be
// null. Digits that are drawn because nothing was found are refused unless the model was trained on
// them: FAILED_PRECONDITION. Errors as data::LoadData.
absl::StatusOr<data::DataSource> LoadDataFor(const evaluate::LoadedModel* model,
                                             const std::string& data);

}  // namespace convoy::client
