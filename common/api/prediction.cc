#include "common/api/prediction.h"

#include "common/api/class_names.h"

namespace convoy::api {

v1::Prediction ToPrediction(const float* probabilities, const evaluate::LoadedModel& model,
                            const v1::PreparationReport& report) {
  const int classes = model.network().num_classes();
  v1::Prediction prediction;
  prediction.set_label(evaluate::MostLikely(probabilities, classes));
  prediction.mutable_probabilities()->Add(probabilities, probabilities + classes);
  prediction.set_class_name(ClassName(model.description(), prediction.label()));
  *prediction.mutable_preparation() = report;
  return prediction;
}

}  // namespace convoy::api
