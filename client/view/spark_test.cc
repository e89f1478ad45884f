#include "client/view/spark.h"

#include <gtest/gtest.h>

#include <cmath>

namespace convoy::client {
namespace {

TEST(SparklineTest, SpansFromLeastToGreatest) {
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Sparkline({3, 1}, 8), "█▁");
}

TEST(SparklineTest, AveragesWhatDoesNotFit) {
  EXPECT_EQ(Sparkline({0, 2, 8, 8}, 2), "▁█");
  EXPECT_EQ(Sparkline({0, 0, 0, 8, 8, 8, 8}, 2), "▁█");
}

TEST(SparklineTest, EqualValuesAndNoValuesAreNoDivisionByZero) {
  EXPECT_EQ(Sparkline({5, 5}, 4), "▁▁");
  EXPECT_EQ(Sparkline({}, 4), "");
  EXPECT_EQ(Sparkline({std::nan(""), INFINITY}, 4), "");
  EXPECT_EQ(Sparkline({1, 2}, 0), "");
}

TEST(BlockBarTest, EighthsOfACharacter) {
  EXPECT_EQ(BlockBar(0, 4), "");
  EXPECT_EQ(BlockBar(0.5, 4), "██");
  EXPECT_EQ(BlockBar(0.53125, 4), "██▏");
  EXPECT_EQ(BlockBar(1, 4), "████");
  EXPECT_EQ(BlockBar(-1, 4), "");
}

}  // namespace
}  // namespace convoy::client
