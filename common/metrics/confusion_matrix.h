// How often images of each class were taken for each class, and the scores that follow from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace convoy::metrics {

// How well one class is recognized. Each ratio is 0 where it would be 0 / 0, as in scikit-learn.
struct ClassScore {
  double precision = 0;  // of the images taken for this class, the share that is of it
  double recall = 0;     // of the images of this class, the share that was taken for it
  double f1 = 0;         // the harmonic mean of the two
  int64_t images = 0;    // of this class
};

// Counts answers. A value type; thread-compatible.
class ConfusionMatrix {
 public:
  // REQUIRES: num_classes >= 1.
  explicit ConfusionMatrix(int num_classes);

  // Counts one image of class `actual` that was taken for `predicted`. REQUIRES: both lie in
  // [0, num_classes()).
  void Add(int actual, int predicted);

  int num_classes() const { return num_classes_; }
  int64_t count(int actual, int predicted) const;
  // [num_classes, num_classes]: a row an actual class, a column a predicted one.
  const std::vector<int64_t>& counts() const { return counts_; }

  int64_t total() const;
  int64_t correct() const;

  // REQUIRES: class_index lies in [0, num_classes()).
  ClassScore Score(int class_index) const;

 private:
  int num_classes_;
  std::vector<int64_t> counts_;
};

}  // namespace convoy::metrics
