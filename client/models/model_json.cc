#include "client/models/model_json.h"

#include "absl/strings/ascii.h"
#include "client/view/time_text.h"
#include "common/api/resource_names.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(bool known, double value) { return known ? Json(value) : Json(); }

Json ImageFormText(v1::ImageForm form) {
  if (form == v1::CENTRED_DIGITS) return "centred digits";
  return form == v1::WHOLE_PICTURES ? Json("whole pictures") : Json();
}

Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

// A float as the shortest decimal of its double, which reads back to the same float.
Json FloatToJson(float value) { return static_cast<double>(value); }

Json ClassesToJson(const v1::EvaluateModelResponse& evaluation) {
  Json classes = Json::array();
  for (const v1::ClassReport& report : evaluation.classes()) {
    classes.push_back({{"label", report.label()},
                       {"class_name", OrNull(report.class_name())},
                       {"images", report.support()},
                       {"precision", OrNull(report.has_precision(), report.precision())},
                       {"recall", OrNull(report.has_recall(), report.recall())},
                       {"f1", OrNull(report.has_f1_score(), report.f1_score())}});
  }
  return classes;
}

Json MistakesToJson(const v1::EvaluateModelResponse& evaluation) {
  Json mistakes = Json::array();
  for (const v1::Mistake& mistake : evaluation.mistakes()) {
    mistakes.push_back({{"image", mistake.image_index()},
                        {"label", mistake.label()},
                        {"predicted", mistake.predicted_label()},
                        {"probability", FloatToJson(mistake.predicted_probability())},
                        {"label_probability", FloatToJson(mistake.label_probability())}});
  }
  return mistakes;
}

Json PreparationToJson(const v1::PreparationReport& report) {
  return {{"source_height", report.source_height()},
          {"source_width", report.source_width()},
          {"inverted", report.inverted()},
          {"scaled_and_centred", report.scaled_and_centred()},
          {"summary", report.summary()}};
}

}  // namespace

Json TrainedWithTheseImages(const v1::EvaluateModelResponse& evaluation) {
  if (!evaluation.has_trained_with_these_images()) return nullptr;
  return evaluation.trained_with_these_images();
}

Json EvaluationToJson(const v1::EvaluateModelResponse& evaluation) {
  Json json = {{"data", evaluation.data_kind()},
               {"data_sha256", OrNull(evaluation.data_sha256())},
               {"trained_with_these_images", TrainedWithTheseImages(evaluation)},
               {"split", absl::AsciiStrToLower(v1::Split_Name(evaluation.split()))},
               {"images", evaluation.image_count()},
               {"loss", evaluation.loss()},
               {"accuracy", evaluation.accuracy()},
               {"classes", ClassesToJson(evaluation)}};
  json["confusion_matrix"] = Json::array();
  for (const v1::ConfusionRow& row : evaluation.confusion_matrix()) {
    json["confusion_matrix"].push_back(
        std::vector<int64_t>(row.counts().begin(), row.counts().end()));
  }
  json["mistakes"] = MistakesToJson(evaluation);
  return json;
}

Json PredictionsToJson(const std::vector<std::string>& names, const v1::PredictResponse& response) {
  Json list = Json::array();
  for (int i = 0; i < response.predictions_size(); ++i) {
    const v1::Prediction& prediction = response.predictions(i);
    Json probabilities = Json::array();
    for (const float value : prediction.probabilities()) {
      probabilities.push_back(FloatToJson(value));
    }
    list.push_back({{"file", names[static_cast<size_t>(i)]},
                    {"label", prediction.label()},
                    {"class_name", OrNull(prediction.class_name())},
                    {"probabilities", std::move(probabilities)},
                    {"preparation", PreparationToJson(prediction.preparation())}});
  }
  return list;
}

Json ModelToJson(const v1::TrainedModel& model) {
  Json json = {{"name", api::ShortName(model.name())},
               {"display_name", OrNull(model.labels().display_name())},
               {"tags", std::vector<std::string>(model.labels().tags().begin(),
                                                 model.labels().tags().end())},
               {"note", OrNull(model.labels().note())},
               {"network", model.network()},
               {"parameters", model.parameter_count()},
               {"classes", model.class_count()},
               {"class_names",
                std::vector<std::string>(model.class_names().begin(), model.class_names().end())},
               {"input", {model.input().height(), model.input().width(), model.input().channels()}},
               {"layers", std::vector<std::string>(model.layers().begin(), model.layers().end())},
               {"version", OrNull(model.version())},
               {"final", model.final()},
               {"size_bytes", model.size_bytes()},
               {"sha256", model.sha256()},
               {"weights_sha256", model.weights_sha256()},
               {"data_sha256", OrNull(model.data_sha256())},
               {"image_form", ImageFormText(model.image_form())},
               {"isa", model.isa()},
               {"blas_core", model.blas_core()}};
  json["metrics"] = Json::object();
  for (const v1::Metric& metric : model.metrics()) json["metrics"][metric.name()] = metric.value();
  const std::string updated =
      model.has_update_time() ? Rfc3339(model.update_time().seconds(), model.update_time().nanos())
                              : "";
  json["update_time"] = OrNull(updated);
  return json;
}

}  // namespace convoy::client
