#include "common/base/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace convoy {
namespace {

TEST(TextTest, NumbersAreGroupedByThousands) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(1234567), "1,234,567");
  EXPECT_EQ(Thousands(-999), "-999");
  EXPECT_EQ(Thousands(-1000), "-1,000");
}

TEST(TextTest, DurationsRoundUpAndNeverGoNegative) {
  EXPECT_EQ(DurationText(-3), "0s");
  EXPECT_EQ(DurationText(6.1), "7s");
  EXPECT_EQ(DurationText(59.5), "1:00");
  EXPECT_EQ(DurationText(3675), "1:01:15");
}

TEST(TextTest, SmallMetricsKeepTheirDigits) {
  EXPECT_EQ(MetricText(0), "0.0000");
  EXPECT_EQ(MetricText(0.12345), "0.1235");
  EXPECT_EQ(MetricText(0.001), "0.0010");
  EXPECT_EQ(MetricText(0.00025), "2.5000e-04");
  EXPECT_EQ(MetricText(-1e-9), "-1.0000e-09");
  EXPECT_EQ(MetricText(std::nan("")), "nan");
}

TEST(ProgressBarTest, FillsFromLeftAndIsCut) {
  EXPECT_EQ(ProgressBar(0, 4), "[>...]");
  EXPECT_EQ(ProgressBar(0.5, 4), "[==>.]");
  EXPECT_EQ(ProgressBar(1, 4), "[====]");
  EXPECT_EQ(ProgressBar(7, 4), "[====]");
  EXPECT_EQ(ProgressBar(std::nan(""), 4), "[>...]");
}

TEST(TextTest, HeightAndWidthAreReadStrictly) {
  int height = 0;
  int width = 0;
  ASSERT_TRUE(ReadHeightWidth("28x32", 256, &height, &width));
  EXPECT_EQ(height, 28);
  EXPECT_EQ(width, 32);
  for (const char* wrong : {"", "x", "28", "28x", "x28", "28x0", "-1x4", "28x257", "2x3x4", "a8x4",
                            "28X28", "99999999999x1"}) {
    EXPECT_FALSE(ReadHeightWidth(wrong, 256, &height, &width)) << wrong;
  }
}

}  // namespace
}  // namespace convoy
