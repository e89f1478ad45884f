// A training step takes no memory once its team, its collectives and its buffers have been through
// one.
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <vector>

#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/step/exact_step.h"

namespace convoy::step {
namespace {

using ::convoy::testing::AllocationCount;

constexpr int kBatch = 40;
constexpr int kLastBatch = 20;
constexpr int kMicroBatch = 8;

struct Images {
  Images() : pixels(static_cast<size_t>(kBatch) * 28 * 28), labels(kBatch), index(kBatch) {
    RandomSequence random(7, RandomStream::kNoise, 1);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
    for (uint8_t& label : labels) label = static_cast<uint8_t>(random.NextBelow(10));
    std::iota(index.begin(), index.end(), 0U);
  }
  data::DatasetView View() const {
    return {.pixels = pixels.data(),
            .labels = labels.data(),
            .count = kBatch,
            .height = 28,
            .width = 28,
            .num_classes = 10};
  }
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
  std::vector<uint32_t> index;
};

// One rank: a step of each size of batch, then as many again, which must take no memory.
void ExpectStepsAllocateNothing(comm::Communicator& comm, int threads) {
  const nn::Plan plan(nn::Network::Create(nn::LoadModelSpec("notebook").value()).value());
  const Images images;
  const std::vector<int> threads_of_rank(static_cast<size_t>(comm.world_size()), threads);
  const std::vector<BatchPartition> batches = {{kBatch, kMicroBatch, threads_of_rank},
                                               {kLastBatch, kMicroBatch, threads_of_rank}};
  ThreadTeam team(threads);
  std::vector<MicroBatchRunner> runners;
  const PassOptions options{.label_smoothing = 0.1f, .augmentation = {.shift = 2, .elastic = 1}};
  for (int i = 0; i < threads; ++i) runners.emplace_back(plan, images.View(), kMicroBatch, options);
  const auto optimizer = optim::Optimizer::Create({}).value();
  auto step = ExactStep::Create(comm, team, runners, *optimizer, plan, batches).value();
  std::vector<float> weights(static_cast<size_t>(plan.network().num_parameters()));
  nn::InitializeWeights(plan.network(), 1, weights.data());
  ASSERT_TRUE(step->SetWeights(weights.data()).ok());
  int64_t number = 0;
  const auto run_both = [&] {
    for (size_t batch = 0; batch < batches.size(); ++batch) {
      const StepHyperparameters hyperparameters = {
          .step = ++number,
          .learning_rate = 0.001,
          .grad_scale = 1.0f / static_cast<float>(batches[batch].batch_images())};
      const auto result = step->Run({.batch = batch,
                                     .image_index = images.index.data(),
                                     .seed = 3,
                                     .hyperparameters = hyperparameters});
      ASSERT_TRUE(result.ok()) << result.status();
    }
  };
  run_both();
  ASSERT_TRUE(comm.Barrier().ok());
  const int64_t before = AllocationCount();
  ASSERT_TRUE(comm.Barrier().ok());
  run_both();
  run_both();
  ASSERT_TRUE(comm.Barrier().ok());
  EXPECT_EQ(AllocationCount(), before);
  ASSERT_TRUE(comm.Barrier().ok());
}

class StepAllocationTest : public ::testing::TestWithParam<std::tuple<int, int>> {
 protected:
  void SetUp() override {
    if (AllocationCount() < 0) GTEST_SKIP() << "a sanitizer owns the heap";
  }
};

INSTANTIATE_TEST_SUITE_P(WorldSizesAndThreads, StepAllocationTest,
                         ::testing::Combine(::testing::Values(1, 2), ::testing::Values(1, 2)));

TEST_P(StepAllocationTest, ExactStepThroughSharedMemoryTakesNoMemory) {
  const auto [world_size, threads] = GetParam();
  testing::RunRanks(world_size, [threads = threads](comm::Communicator& comm) {
    ExpectStepsAllocateNothing(comm, threads);
  });
}

TEST_P(StepAllocationTest, ExactStepByMessagesTakesNoMemory) {
  const auto [world_size, threads] = GetParam();
  testing::RunRanks(world_size, [threads = threads](comm::Communicator& comm) {
    testing::SeveralHosts several(comm);
    ASSERT_FALSE(several.on_one_host());
    ExpectStepsAllocateNothing(several, threads);
  });
}

}  // namespace
}  // namespace convoy::step
