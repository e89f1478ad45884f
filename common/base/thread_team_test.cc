#include "common/base/thread_team.h"

#include <gtest/gtest.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <limits>
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

#if defined(__x86_64__)
TEST_P(ThreadTeamTest, ComputesAsIeee754WhateverALibraryHasSet) {
  constexpr unsigned kFlushToZeroAndRoundDown = 0x8040 | 0x2000;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | kFlushToZeroAndRoundDown);
  {
    ThreadTeam team(GetParam());
    team.Run([&](int) {
      volatile float smallest_normal = std::numeric_limits<float>::min();
      volatile float one = 1.0F;
      EXPECT_GT(smallest_normal / 2, 0.0F);
      EXPECT_EQ(one + std::numeric_limits<float>::epsilon() * 0.75F, 1.0F + 1.1920929e-7F);
    });
  }
  _mm_setcsr(before);
}
#endif

TEST_P(ThreadTeamTest, CanBeDestroyedUnused) { ThreadTeam team(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Sizes, ThreadTeamTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace convoy
