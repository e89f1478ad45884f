#include "common/base/shape.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(NumElems({}).value(), 1);
  EXPECT_EQ(NumElems({3, 0, 5}).value(), 0);
  EXPECT_EQ(NumElems({3, 3, 1, 32}).value(), 288);
}

TEST(ShapeTest, OverflowAndNegativeSizesAreErrors) {
  EXPECT_EQ(NumElems({int64_t{1} << 40, int64_t{1} << 40}).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(NumElems({3, -1}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShapeTest, PrintsLikeKeras) {
  EXPECT_EQ(ShapeToString({26, 26, 32}), "(26, 26, 32)");
  EXPECT_EQ(ShapeToString({26, 26, 32}, true), "(None, 26, 26, 32)");
}

}  // namespace
}  // namespace convoy
