// What a model answered, as tables of text. A class is called by its name where the model has one,
// by its number otherwise. Of very many classes the tables have those that a person would look for:
// the ones told apart worst, and the mistakes made most often.
#include "client/models/model_text.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/models/preparation_text.h"
#include "client/view/text.h"
#include "common/api/resource_names.h"
#include "common/base/label.h"
#include "common/base/text.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

// The rows of a table that has none for each class.
constexpr size_t kRows = 20;

std::string Ratio(bool known, double value) { return known ? absl::StrFormat("%.4f", value) : "-"; }

// What people call a class: its name where it has one.
std::string ClassText(const v1::ClassReport& report) {
  return report.class_name().empty() ? absl::StrCat(report.label()) : report.class_name();
}

std::string ClassText(const v1::EvaluateModelResponse& evaluation, int label) {
  const bool known = label >= 0 && label < evaluation.classes_size();
  return known ? ClassText(evaluation.classes(label)) : absl::StrCat(label);
}

std::string ClassText(const v1::TrainedModel& model, int label) {
  const bool known = label >= 0 && label < model.class_names_size();
  return known ? model.class_names(label) : absl::StrCat(label);
}

// All classes, or, of too many, those with images and the lowest F1. One that no image was taken
// for has none, which is as low as it can be.
std::vector<const v1::ClassReport*> ClassesShown(const v1::EvaluateModelResponse& evaluation) {
  std::vector<const v1::ClassReport*> shown;
  const bool all = evaluation.classes_size() <= kMostClassesShown;
  for (const v1::ClassReport& report : evaluation.classes()) {
    if (all || report.support() > 0) shown.push_back(&report);
  }
  if (all) return shown;
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto* a, const auto* b) { return a->f1_score() < b->f1_score(); });
  shown.resize(std::min(shown.size(), kRows));
  return shown;
}

std::string ClassesTable(const v1::EvaluateModelResponse& evaluation, int columns) {
  Table table({Tr("class"), Tr("images"), Tr("precision"), Tr("recall"), "F1"},
              {Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  const std::vector<const v1::ClassReport*> shown = ClassesShown(evaluation);
  for (const v1::ClassReport* report : shown) {
    table.AddRow({ClassText(*report), TrThousands(report->support()),
                  Ratio(report->has_precision(), report->precision()),
                  Ratio(report->has_recall(), report->recall()),
                  Ratio(report->has_f1_score(), report->f1_score())});
  }
  const std::string text = table.ToText(columns);
  if (evaluation.classes_size() <= kMostClassesShown) return text;
  return Tr("The $0 of $1 classes with the lowest F1:\n", shown.size(),
            TrThousands(evaluation.classes_size())) +
         text;
}

// How often images of a class were taken for another.
struct MistakeKind {
  int actual;
  int predicted;
  int64_t count;
  int64_t images;  // of `actual`
};

// The most frequent first.
std::vector<MistakeKind> MistakeKinds(const v1::EvaluateModelResponse& evaluation) {
  std::vector<MistakeKind> kinds;
  for (int actual = 0; actual < evaluation.confusion_matrix_size(); ++actual) {
    const auto& counts = evaluation.confusion_matrix(actual).counts();
    const int64_t images = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    for (int predicted = 0; predicted < counts.size(); ++predicted) {
      if (predicted == actual || counts[predicted] == 0) continue;
      kinds.push_back({actual, predicted, counts[predicted], images});
    }
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const MistakeKind& a, const MistakeKind& b) { return a.count > b.count; });
  return kinds;
}

// Instead of a matrix that no screen has room for.
std::string MistakeKindsTable(const v1::EvaluateModelResponse& evaluation, int columns) {
  std::vector<MistakeKind> kinds = MistakeKinds(evaluation);
  if (kinds.empty()) return Tr("No image was taken for another class.\n");
  const std::string all = TrThousands(static_cast<int64_t>(kinds.size()));
  kinds.resize(std::min(kinds.size(), kRows));
  Table table({Tr("is a"), Tr("taken for"), Tr("images"), Tr("of the class")},
              {Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  for (const MistakeKind& kind : kinds) {
    table.AddRow({ClassText(evaluation, kind.actual), ClassText(evaluation, kind.predicted),
                  TrThousands(kind.count),
                  PercentText(static_cast<double>(kind.count) / static_cast<double>(kind.images))});
  }
  return Tr("The most frequent mistakes, $0 of $1 kinds, among $2 classes:\n", kinds.size(), all,
            TrThousands(evaluation.confusion_matrix_size())) +
         table.ToText(columns);
}

std::string MistakesTable(const v1::EvaluateModelResponse& evaluation, int columns) {
  if (evaluation.mistakes().empty()) return "";
  Table table({Tr("image"), Tr("is a"), Tr("taken for"), Tr("sure"), Tr("of the right one")},
              {Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  for (const v1::Mistake& mistake : evaluation.mistakes()) {
    table.AddRow({absl::StrCat(mistake.image_index()), ClassText(evaluation, mistake.label()),
                  ClassText(evaluation, mistake.predicted_label()),
                  PercentText(mistake.predicted_probability()),
                  PercentText(mistake.label_probability())});
  }
  return Tr("\nWorst mistakes (images counted from 0):\n") + table.ToText(columns);
}

// Returns the most probable class but `label`, -1 if there is none.
int SecondBest(const v1::Prediction& prediction) {
  int second = -1;
  for (int i = 0; i < prediction.probabilities_size(); ++i) {
    if (i == prediction.label()) continue;
    if (second < 0 || prediction.probabilities(i) > prediction.probabilities(second)) second = i;
  }
  return second;
}

float ProbabilityOf(const v1::Prediction& prediction, int label) {
  return label >= 0 && label < prediction.probabilities_size() ? prediction.probabilities(label)
                                                               : 0;
}

std::string MetricCell(const v1::TrainedModel& model, const std::string& name) {
  for (const v1::Metric& metric : model.metrics()) {
    if (metric.name() == name) return PercentText(metric.value());
  }
  return "-";
}

std::string NameOf(const v1::JobLabels& labels) { return labels.display_name(); }

std::string TagsOf(const v1::JobLabels& labels) { return absl::StrJoin(labels.tags(), ", "); }

}  // namespace

bool OnOtherImages(const v1::EvaluateModelResponse& evaluation) {
  return evaluation.has_trained_with_these_images() && !evaluation.trained_with_these_images();
}

std::string ImagesText(const v1::EvaluateModelResponse& evaluation) {
  std::string kind = evaluation.data_kind();
  if (kind == "mnist") kind = "MNIST";
  if (kind == "generated") kind = Tr("generated digits (this is not MNIST)");
  if (kind == "idx") kind = Tr("the IDX files");
  if (kind == "pictures") kind = Tr("the pictures");
  if (kind == "cifar") kind = "CIFAR";
  if (kind == "npz") kind = Tr("numpy's arrays");
  if (kind == "csv") kind = Tr("the tables");
  const char* images = evaluation.split() == v1::TRAIN        ? Marked("$0 training images of $1")
                       : evaluation.split() == v1::VALIDATION ? Marked("$0 validation images of $1")
                                                              : Marked("$0 test images of $1");
  const std::string text = Tr(images, TrThousands(evaluation.image_count()), kind);
  return OnOtherImages(evaluation) ? Tr("$0 (the model was trained on others)", text) : text;
}

std::string EvaluationText(const v1::EvaluateModelResponse& evaluation, int columns) {
  return absl::StrCat(
      Tr("loss $0, accuracy $1 on $2\n\n", absl::StrFormat("%.4f", evaluation.loss()),
         PercentText(evaluation.accuracy()), ImagesText(evaluation)),
      ClassesTable(evaluation, columns), MistakesTable(evaluation, columns));
}

std::string ConfusionText(const v1::EvaluateModelResponse& evaluation, int columns) {
  const int classes = evaluation.confusion_matrix_size();
  if (classes > kMostClassesShown) return MistakeKindsTable(evaluation, columns);
  std::vector<std::string> headers = {Tr("is \\ taken for")};
  for (int label = 0; label < classes; ++label) headers.push_back(ClassText(evaluation, label));
  headers.push_back(Tr("right"));
  Table table(headers, std::vector<Align>(headers.size(), Align::kRight));
  for (int actual = 0; actual < classes; ++actual) {
    const auto& counts = evaluation.confusion_matrix(actual).counts();
    std::vector<std::string> row = {ClassText(evaluation, actual)};
    int64_t total = 0;
    for (const int64_t count : counts) {
      row.push_back(count == 0 ? "." : absl::StrCat(count));
      total += count;
    }
    row.resize(headers.size() - 1, "?");
    const int64_t right = actual < counts.size() ? counts[actual] : 0;
    row.push_back(
        total == 0 ? "-" : PercentText(static_cast<double>(right) / static_cast<double>(total)));
    table.AddRow(std::move(row));
  }
  return table.ToText(columns);
}

std::string PredictionsText(const std::vector<std::string>& names, const v1::TrainedModel& model,
                            const v1::PredictResponse& response, int columns) {
  Table table(
      {Tr("picture"), Tr("shows a"), Tr("sure"), Tr("or else"), "", Tr("prepared")},
      {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
  for (int i = 0; i < response.predictions_size(); ++i) {
    const v1::Prediction& prediction = response.predictions(i);
    const int second = SecondBest(prediction);
    table.AddRow({names[static_cast<size_t>(i)], ClassText(model, prediction.label()),
                  PercentText(ProbabilityOf(prediction, prediction.label())),
                  second < 0 ? "-" : ClassText(model, second),
                  second < 0 ? "" : PercentText(ProbabilityOf(prediction, second)),
                  PreparationText(prediction.preparation().summary())});
  }
  return table.ToText(columns);
}

std::string ModelsTable(const std::vector<v1::TrainedModel>& models, int columns) {
  const auto any = [&models](std::string (*text)(const v1::JobLabels&)) {
    return std::any_of(models.begin(), models.end(),
                       [text](const auto& model) { return !text(model.labels()).empty(); });
  };
  const bool names = any(NameOf);
  const bool tags = any(TagsOf);
  std::vector<std::string> headers = {Tr("model")};
  if (names) headers.push_back(Tr("name"));
  if (tags) headers.push_back(Tr("tags"));
  headers.insert(headers.end(), {Tr("network"), Tr("parameters"), Tr("epoch"), "val_accuracy",
                                 "test_accuracy", Tr("size")});
  std::vector<Align> aligns(headers.size(), Align::kLeft);
  std::fill(aligns.end() - 5, aligns.end(), Align::kRight);
  Table table(std::move(headers), std::move(aligns));
  for (const v1::TrainedModel& model : models) {
    std::vector<std::string> row = {api::ShortName(model.name())};
    if (names) row.push_back(NameOf(model.labels()));
    if (tags) row.push_back(TagsOf(model.labels()));
    row.insert(row.end(),
               {model.network(), TrThousands(model.parameter_count()),
                model.version().empty() ? "-" : model.version(), MetricCell(model, "val_accuracy"),
                MetricCell(model, "test_accuracy"), BytesText(model.size_bytes())});
    table.AddRow(std::move(row));
  }
  return table.ToText(columns);
}

}  // namespace convoy::client
