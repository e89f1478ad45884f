#include "coordinator/server/health.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace convoy::coordinator {
namespace {

constexpr std::chrono::milliseconds kPatience{50};

// Waits until Look says `wanted`; a minute is never needed.
bool Becomes(Health& health, bool wanted) {
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (health.Look() != wanted && absl::Now() < end) absl::SleepFor(absl::Milliseconds(5));
  return health.serving() == wanted;
}

TEST(HealthTest, IsWhatTheProbeSays) {
  std::atomic<bool> good{true};
  Health health([&] { return good ? absl::OkStatus() : absl::DataLossError("x"); });
  EXPECT_TRUE(health.serving());
  good = false;
  EXPECT_TRUE(Becomes(health, false));
  good = true;
  EXPECT_TRUE(Becomes(health, true));
}

TEST(HealthTest, AProbeThatHangsIsNoHealthAndIsNotAskedAgain) {
  absl::Mutex registry;
  std::atomic<int> calls{0};
  Health health(
      [&] {
        ++calls;
        const absl::MutexLock lock(&registry);
        return absl::OkStatus();
      },
      kPatience);
  EXPECT_TRUE(health.serving());
  registry.Lock();
  EXPECT_TRUE(Becomes(health, false));
  const int asked = calls;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(health.Look());
  EXPECT_EQ(calls, asked);
  registry.Unlock();
  EXPECT_TRUE(Becomes(health, true));
}

}  // namespace
}  // namespace convoy::coordinator
