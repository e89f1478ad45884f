#include "common/base/thread_team.h"

#include <gtest/gtest.h>

#include <numeric>

namespace convoy {
namespace {

class ThreadTeamTest : public ::testing::TestWithParam<int> {};

TEST_P(ThreadTeamTest, EveryThreadRunsOnceAndItsWritesAreSeen) {
  ThreadTeam team(GetParam());
  std::vector<int> calls(static_cast<size_t>(GetParam()), 0);
  for (int round = 0; round < 200; ++round) {
    team.Run([&](int thread) { ++calls[static_cast<size_t>(thread)]; });
    for (int count : calls) ASSERT_EQ(count, round + 1);
  }
}

TEST_P(ThreadTeamTest, CanBeDestroyedUnused) { ThreadTeam team(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Sizes, ThreadTeamTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace convoy
