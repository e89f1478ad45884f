// What models answer, as JSON for programs. Keys are added, never changed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "convoy/v1/model_service.pb.h"

namespace convoy::client {

// Whether the model was trained with the images that were evaluated; null where nobody knows.
nlohmann::ordered_json TrainedWithTheseImages(const v1::EvaluateModelResponse& evaluation);

// Loss, accuracy, classes (a list with label, images, precision, recall, f1; null where it would be
// 0 / 0), confusion_matrix (a row a true class), mistakes.
nlohmann::ordered_json EvaluationToJson(const v1::EvaluateModelResponse& evaluation);

// A list, one a picture: file, label, probabilities, preparation. REQUIRES: as many names as
// predictions.
nlohmann::ordered_json PredictionsToJson(const std::vector<std::string>& names,
                                         const v1::PredictResponse& response);

nlohmann::ordered_json ModelToJson(const v1::TrainedModel& model);

}  // namespace convoy::client
