#include "client/view/time_text.h"

#include <gtest/gtest.h>

namespace convoy::client {
namespace {

TEST(TimeTextTest, MomentsInUtc) {
  EXPECT_EQ(Rfc3339(1795402800, 0), "2026-11-23T03:00:00Z");
  EXPECT_EQ(Rfc3339(1795402800, 250000000), "2026-11-23T03:00:00.25Z");
  EXPECT_EQ(TimeText(1795402800), "2026-11-23 03:00:00 UTC");
}

TEST(TimeTextTest, WhatIsNoMomentIsEmpty) {
  EXPECT_EQ(Rfc3339(INT64_MAX, 0), "");
  EXPECT_EQ(Rfc3339(0, -1), "");
  EXPECT_EQ(TimeText(INT64_MIN), "-");
}

}  // namespace
}  // namespace convoy::client
