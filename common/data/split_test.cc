#include "common/data/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace convoy::data {
namespace {

using ::testing::HasSubstr;

TEST(SplitTest, HoldsOutTheLastPart) {
  const Split split = SplitTrainingImages(60000, 0.2, 0).value();
  EXPECT_EQ(split.train, (Range{0, 48000}));
  EXPECT_EQ(split.validation, (Range{48000, 60000}));
}

TEST(SplitTest, LimitCutsFirst) {
  EXPECT_EQ(SplitTrainingImages(60000, 0.2, 12037)->train, (Range{0, 9629}));
  EXPECT_EQ(SplitTrainingImages(60000, 0.2, 12037)->validation, (Range{9629, 12037}));
  EXPECT_EQ(SplitTrainingImages(60000, 0.2, 12002)->train.size(), 9601);
  EXPECT_EQ(SplitTrainingImages(60000, 0.2, 60000)->train.size(), 48000);
}

TEST(SplitTest, RoundsAsKerasDoes) {
  // int(math.floor(n * (1. - split))) in Python.
  EXPECT_EQ(SplitTrainingImages(20, 0.9, 0)->train.size(), 1);
  EXPECT_EQ(SplitTrainingImages(100, 0.9, 0)->train.size(), 9) << "1 - 0.9 is a little below 0.1";
  EXPECT_EQ(SplitTrainingImages(10, 0.3, 0)->train.size(), 7);
  EXPECT_EQ(SplitTrainingImages(3, 1.0 / 3, 0)->train.size(), 2);
  EXPECT_EQ(SplitTrainingImages(2, 0.5, 0)->train.size(), 1);
}

TEST(SplitTest, ZeroHoldsOutNothing) {
  const Split split = SplitTrainingImages(7, 0.0, 0).value();
  EXPECT_EQ(split.train, (Range{0, 7}));
  EXPECT_TRUE(split.validation.empty());
}

void ExpectError(int64_t num_images, double validation_split, int64_t limit,
                 const std::string& part) {
  const auto split = SplitTrainingImages(num_images, validation_split, limit);
  EXPECT_EQ(split.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(split.status().message()), HasSubstr(part));
}

TEST(SplitTest, EmptyPartsAreRefused) {
  ExpectError(1, 0.2, 0, "`validation_split` 0.2: of 1 images it leaves none to train on");
  ExpectError(60000, 0.2, 1, "`train_limit`");
  ExpectError(100, 1e-20, 0, "leaves none to validate on");
}

TEST(SplitTest, SplitOutsideItsRangeIsRefused) {
  for (double wrong : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::infinity()}) {
    ExpectError(100, wrong, 0, "must be at least 0 and below 1");
  }
}

TEST(SplitTest, LimitOutsideItsRangeIsRefused) {
  ExpectError(100, 0.2, -1, "`train_limit` -1");
  ExpectError(100, 0.2, 101, "`train_limit` 101: the training file holds 100 images");
}

}  // namespace
}  // namespace convoy::data
