#include "common/system/moment.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(MomentTest, ADeadlineOfTheWallClockIsOneOfTheSteadyClock) {
  const Moment now{.wall = absl::FromUnixSeconds(1'700'000'000), .steady = absl::Seconds(50)};
  EXPECT_EQ(now.SteadyAt(absl::FromUnixSeconds(1'700'000'003)), absl::Seconds(53));
  EXPECT_EQ(now.SteadyAt(absl::FromUnixSeconds(1'699'999'999)), absl::Seconds(49));
  EXPECT_EQ(now.SteadyAt(absl::InfiniteFuture()), absl::InfiniteDuration());
}

TEST(MomentTest, TheSteadyClockNeverGoesBack) {
  const absl::Duration before = Moment::SteadyNow();
  EXPECT_GE(Moment::Now().steady, before);
}

}  // namespace
}  // namespace convoy
