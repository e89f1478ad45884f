// A training step takes no memory once its team, its collectives and its buffers have been through
// one.
#include <gtest/gtest.h>

#include "tests/support/allocation_counter.h"
#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/step/step_testing.h"

namespace convoy::step {
namespace {

using ::convoy::testing::AllocationCount;

// One rank: a step of each size of batch, then as many again, which must take no memory.
void ExpectStepsAllocateNothing(comm::Communicator& comm, int threads, Exchange exchange) {
  StepRig rig(comm, threads, StepRig::Kind::kExact, {},
              {.label_smoothing = 0.1F, .augmentation = {.shift = 2, .elastic = 1}}, exchange);
  const auto run_all = [&] {
    for (size_t batch = 0; batch < rig.num_batches(); ++batch) ASSERT_TRUE(rig.Run(batch).ok());
  };
  run_all();
  ASSERT_TRUE(comm.Barrier().ok());
  const int64_t before = AllocationCount();
  ASSERT_TRUE(comm.Barrier().ok());
  run_all();
  run_all();
  ASSERT_TRUE(comm.Barrier().ok());
  EXPECT_EQ(AllocationCount(), before);
  ASSERT_TRUE(comm.Barrier().ok());
}

class StepAllocationTest : public ::testing::TestWithParam<std::tuple<int, int, Exchange>> {
 protected:
  void SetUp() override {
    if (AllocationCount() < 0) GTEST_SKIP() << "a sanitizer owns the heap";
  }
};

INSTANTIATE_TEST_SUITE_P(WorldSizesAndThreads, StepAllocationTest,
                         ::testing::Combine(::testing::Values(1, 2), ::testing::Values(1, 2),
                                            ::testing::Values(Exchange::kFloat32,
                                                              Exchange::kBfloat16)));

TEST_P(StepAllocationTest, ExactStepThroughSharedMemoryTakesNoMemory) {
  const auto [world_size, threads, exchange] = GetParam();
  testing::RunRanks(world_size, [threads = threads, exchange = exchange](comm::Communicator& comm) {
    ExpectStepsAllocateNothing(comm, threads, exchange);
  });
}

TEST_P(StepAllocationTest, ExactStepByMessagesTakesNoMemory) {
  const auto [world_size, threads, exchange] = GetParam();
  testing::RunRanks(world_size, [threads = threads, exchange = exchange](comm::Communicator& comm) {
    testing::SeveralHosts several(comm);
    ASSERT_FALSE(several.on_one_host());
    ExpectStepsAllocateNothing(several, threads, exchange);
  });
}

}  // namespace
}  // namespace convoy::step
