#include "common/api/prediction.h"

#include "common/evaluate/loaded_model.h"

namespace convoy::api {

v1::Prediction ToPrediction(const float* probabilities, int classes,
                            const v1::PreparationReport& report) {
  v1::Prediction prediction;
  prediction.set_label(evaluate::MostLikely(probabilities, classes));
  prediction.mutable_probabilities()->Add(probabilities, probabilities + classes);
  *prediction.mutable_preparation() = report;
  return prediction;
}

}  // namespace convoy::api
