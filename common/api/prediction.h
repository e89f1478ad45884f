// A network's answer to one image, as the API's message.
#pragma once

#include "common/evaluate/loaded_model.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

// Returns the answer of the probabilities [classes]: the most likely class and all of them, with
// what was done to the image.
v1::Prediction ToPrediction(const float* probabilities, const evaluate::LoadedModel& model,
                            const v1::PreparationReport& report);

}  // namespace convoy::api
