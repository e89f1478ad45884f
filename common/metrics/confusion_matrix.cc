#include "common/metrics/confusion_matrix.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"

namespace convoy::metrics {
namespace {

double Ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string ScoreRow(const std::string& name, const ClassScore& score) {
  return absl::StrFormat("%8s %10.4f %10.4f %10.4f %10d\n", name, score.precision, score.recall,
                         score.f1, score.images);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(int num_classes)
    : num_classes_(num_classes), counts_(static_cast<size_t>(num_classes) * num_classes) {
  CONVOY_CHECK_GE(num_classes, 1);
}

void ConfusionMatrix::Add(int actual, int predicted) {
  CONVOY_CHECK(actual >= 0 && actual < num_classes_ && predicted >= 0 && predicted < num_classes_);
  ++counts_[static_cast<size_t>(actual * num_classes_ + predicted)];
}

int64_t ConfusionMatrix::count(int actual, int predicted) const {
  CONVOY_CHECK(actual >= 0 && actual < num_classes_ && predicted >= 0 && predicted < num_classes_);
  return counts_[static_cast<size_t>(actual * num_classes_ + predicted)];
}

int64_t ConfusionMatrix::total() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

int64_t ConfusionMatrix::correct() const {
  int64_t sum = 0;
  for (int i = 0; i < num_classes_; ++i) sum += count(i, i);
  return sum;
}

ClassScore ConfusionMatrix::Score(int class_index) const {
  int64_t actual = 0;
  int64_t predicted = 0;
  for (int other = 0; other < num_classes_; ++other) {
    actual += count(class_index, other);
    predicted += count(other, class_index);
  }
  const int64_t right = count(class_index, class_index);
  return {.precision = Ratio(right, predicted),
          .recall = Ratio(right, actual),
          .f1 = Ratio(2 * right, actual + predicted),
          .images = actual};
}

std::string ConfusionMatrix::CountsTable() const {
  const int64_t largest = *std::max_element(counts_.begin(), counts_.end());
  const int width = std::max<int>(
      5, 1 + static_cast<int>(std::to_string(std::max<int64_t>(largest, num_classes_ - 1)).size()));
  std::string table = absl::StrFormat("%8s  predicted\n%8s", "", "actual");
  for (int i = 0; i < num_classes_; ++i) absl::StrAppendFormat(&table, "%*d", width, i);
  absl::StrAppendFormat(&table, "%9s\n", "recall");
  for (int actual = 0; actual < num_classes_; ++actual) {
    absl::StrAppendFormat(&table, "%8d", actual);
    for (int predicted = 0; predicted < num_classes_; ++predicted) {
      absl::StrAppendFormat(&table, "%*d", width, count(actual, predicted));
    }
    absl::StrAppendFormat(&table, "%9.4f\n", Score(actual).recall);
  }
  return table;
}

std::string ConfusionMatrix::ScoresTable() const {
  std::string table =
      absl::StrFormat("%8s %10s %10s %10s %10s\n", "class", "precision", "recall", "f1", "images");
  ClassScore mean;
  for (int i = 0; i < num_classes_; ++i) {
    const ClassScore score = Score(i);
    absl::StrAppend(&table, ScoreRow(std::to_string(i), score));
    mean.precision += score.precision / num_classes_;
    mean.recall += score.recall / num_classes_;
    mean.f1 += score.f1 / num_classes_;
    mean.images += score.images;
  }
  return absl::StrCat(table, ScoreRow("mean", mean));
}

}  // namespace convoy::metrics
