#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/thread_ranks.h"

namespace convoy::testing {
namespace {

constexpr Watchdog::Options kShort = {.limit = std::chrono::milliseconds(200),
                                      .grace = std::chrono::milliseconds(100)};

class WatchdogDeathTest : public ::testing::Test {
 protected:
  WatchdogDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(WatchdogDeathTest, NamesTheRankThatNeverComes) {
  const auto run = [] {
    std::atomic<bool> never{false};
    RunRanks(
        3,
        [&](comm::Communicator& comm) {
          EXPECT_TRUE(comm.Barrier().ok());
          if (comm.rank() == 1) never.wait(false);
          int value = comm.rank();
          std::vector<int> all(3);
          EXPECT_TRUE(comm.AllGather(&value, sizeof(value), all.data()).ok());
        },
        kShort);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(1),
              "rank (0|2) has waited [0-9]+ ms in AllGather, its collective number 2; "
              "missing: rank 1 \\(1 begun, last: Barrier\\)");
}

TEST_F(WatchdogDeathTest, RankThatLeftItsTestIsNotWaitedFor) {
  const auto run = [] {
    RunRanks(2,
             [](comm::Communicator& comm) {
               if (comm.rank() == 0) return;  // as after an ASSERT
               EXPECT_TRUE(comm.Barrier().ok());
             },
             {.limit = std::chrono::minutes(1), .grace = std::chrono::milliseconds(100)});
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(1),
              "rank 1 .* in Barrier, its collective number 1; "
              "missing: rank 0 \\(0 begun, last: the end of its test\\)");
}

TEST(WatchdogTest, LetsRanksComputeAsLongAsTheyLike) {
  RunRanks(
      2,
      [](comm::Communicator& comm) {
        EXPECT_TRUE(comm.Barrier().ok());
        std::this_thread::sleep_for(2 * kShort.limit);
        EXPECT_TRUE(comm.Barrier().ok());
      },
      kShort);
}

}  // namespace
}  // namespace convoy::testing
