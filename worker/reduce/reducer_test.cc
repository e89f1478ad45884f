#include <gtest/gtest.h>

#include <thread>

#include "worker/comm/thread_communicator.h"
#include "worker/reduce/reducer_test_cases.h"

namespace convoy::reduce {
namespace {

class ReducerTest : public ::testing::TestWithParam<int> {};

TEST_P(ReducerTest, SameBitsAtAnyWorldSize) {
  comm::ThreadWorld world(GetParam());
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < GetParam(); ++rank) {
    ranks.emplace_back([&world, rank] { CheckReducers(*world.MakeCommunicator(rank)); });
  }
  for (std::thread& thread : ranks) thread.join();
}

INSTANTIATE_TEST_SUITE_P(WorldSizes, ReducerTest, ::testing::Values(1, 2, 3, 4, 5));

TEST(OwnedSliceTest, SlicesMakeUpTheWhole) {
  for (const int64_t size : {0, 1, 16, 17, 225034}) {
    for (const int world_size : {1, 2, 3, 7}) {
      int64_t next = 0;
      for (int rank = 0; rank < world_size; ++rank) {
        const Range slice = OwnedSlice(size, rank, world_size);
        EXPECT_EQ(slice.begin, next);
        next = slice.end;
      }
      EXPECT_EQ(next, size);
    }
  }
}

}  // namespace
}  // namespace convoy::reduce
