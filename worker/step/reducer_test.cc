#include <gtest/gtest.h>

#include <thread>

#include "worker/comm/thread_communicator.h"
#include "worker/step/reducer_test_cases.h"

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

}  // namespace
}  // namespace convoy::reduce
