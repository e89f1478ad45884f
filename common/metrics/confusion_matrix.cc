#include "common/metrics/confusion_matrix.h"

#include "common/base/check.h"

namespace convoy::metrics {
namespace {

double Ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
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

}  // namespace convoy::metrics
