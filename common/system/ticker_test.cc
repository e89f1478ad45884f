#include "common/system/ticker.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "common/system/moment.h"

namespace convoy {
namespace {

TEST(TickerTest, TicksAtOnceAndAgain) {
  std::atomic<int> ticks{0};
  absl::Notification thrice;
  const absl::Duration begun = Moment::SteadyNow();
  const Ticker ticker(absl::Milliseconds(20), [&] {
    if (++ticks == 3) thrice.Notify();
  });
  thrice.WaitForNotification();
  EXPECT_GE(Moment::SteadyNow() - begun, absl::Milliseconds(40));
}

TEST(TickerTest, EndsInTheMiddleOfAPauseButNotOfATick) {
  std::atomic<int> ticks{0};
  absl::Notification begun;
  {
    const Ticker ticker(absl::Hours(100'000), [&] {
      begun.Notify();
      ++ticks;
    });
    begun.WaitForNotification();
  }
  EXPECT_EQ(ticks, 1);
}

}  // namespace
}  // namespace convoy
