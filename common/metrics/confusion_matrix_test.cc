#include "common/metrics/confusion_matrix.h"

#include <gtest/gtest.h>

namespace convoy::metrics {
namespace {

// Class 0: three right, one taken for 1. Class 1: two right, one taken for 0. Class 2 is never
// asked for, but answered once for a 1.
ConfusionMatrix Example() {
  ConfusionMatrix matrix(3);
  for (int i = 0; i < 3; ++i) matrix.Add(0, 0);
  matrix.Add(0, 1);
  for (int i = 0; i < 2; ++i) matrix.Add(1, 1);
  matrix.Add(1, 0);
  matrix.Add(1, 2);
  return matrix;
}

TEST(ConfusionMatrixTest, CountsByActualAndPredictedClass) {
  const ConfusionMatrix matrix = Example();
  EXPECT_EQ(matrix.counts(), (std::vector<int64_t>{3, 1, 0, 1, 2, 1, 0, 0, 0}));
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_EQ(matrix.count(1, 2), 1);
  EXPECT_EQ(matrix.total(), 8);
  EXPECT_EQ(matrix.correct(), 5);
}

TEST(ConfusionMatrixTest, ScoresAreTheDefinitions) {
  const ClassScore score = Example().Score(0);
  EXPECT_DOUBLE_EQ(score.precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(score.recall, 3.0 / 4);
  EXPECT_DOUBLE_EQ(score.f1, 3.0 / 4);
  EXPECT_EQ(score.images, 4);
  const ClassScore other = Example().Score(1);
  EXPECT_DOUBLE_EQ(other.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(other.recall, 2.0 / 4);
  EXPECT_DOUBLE_EQ(other.f1, 2 * (2.0 / 3) * (2.0 / 4) / (2.0 / 3 + 2.0 / 4));
}

TEST(ConfusionMatrixTest, AClassWithoutImagesHasScoresOfZero) {
  const ClassScore score = Example().Score(2);
  EXPECT_EQ(score.precision, 0);
  EXPECT_EQ(score.recall, 0);
  EXPECT_EQ(score.f1, 0);
  EXPECT_EQ(score.images, 0);
}

}  // namespace
}  // namespace convoy::metrics
