#include "common/base/suggest.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

const std::vector<std::string> kNames = {"batch-size", "micro-batch", "epochs", "seed"};

TEST(SuggestTest, FindsTheNearestName) {
  EXPECT_EQ(NearestName("bach-size", kNames), "batch-size");
  EXPECT_EQ(NearestName("EPOCH", kNames), "epochs");
  EXPECT_EQ(NearestName("sede", kNames), "seed");
}

TEST(SuggestTest, SaysNothingWhenNoNameIsNear) {
  EXPECT_EQ(NearestName("learning-rate", kNames), "");
  EXPECT_EQ(DidYouMean("zzzz", kNames), "");
  EXPECT_EQ(NearestName("x", {}), "");
}

TEST(SuggestTest, PhrasesAQuestion) {
  EXPECT_EQ(DidYouMean("epoch", kNames), "; did you mean 'epochs'?");
}

}  // namespace
}  // namespace convoy
