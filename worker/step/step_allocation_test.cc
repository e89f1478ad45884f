// A training step takes no memory once its team, its exchange and its buffers have been through
// one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "tests/support/allocation_counter.h"
#include "worker/comm/thread_communicator.h"
#include "worker/step/exact_step.h"

namespace convoy::train {
namespace {

using ::convoy::testing::AllocationCount;

constexpr int kBatch = 40;
constexpr int kLastBatch = 20;
constexpr int kMicroBatch = 8;

// Says that its ranks are on several hosts, so that they exchange messages.
class SeveralHosts : public comm::Communicator {
 public:
  explicit SeveralHosts(comm::Communicator& wrapped) : wrapped_(wrapped) {}
  int rank() const override { return wrapped_.rank(); }
  int world_size() const override { return wrapped_.world_size(); }
  int local_size() const override { return 0; }
  absl::Status Barrier() override { return wrapped_.Barrier(); }
  absl::Status Broadcast(void* data, int64_t num_bytes, int root) override {
    return wrapped_.Broadcast(data, num_bytes, root);
  }
  absl::Status AllGather(const void* send, int64_t num_bytes, void* recv) override {
    return wrapped_.AllGather(send, num_bytes, recv);
  }
  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override {
    return wrapped_.AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
  }
  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override {
    return wrapped_.AllGatherParts(inout, counts, offsets);
  }
  absl::Status GatherParts(const float* send, float* recv, std::span<const int64_t> counts,
                           std::span<const int64_t> offsets, int root) override {
    return wrapped_.GatherParts(send, recv, counts, offsets, root);
  }
  absl::StatusOr<std::unique_ptr<comm::PendingSum>> StartAllReduceSum(float* inout,
                                                                      int64_t n) override {
    return wrapped_.StartAllReduceSum(inout, n);
  }
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> ShareFromRoot(const void* data,
                                                                   int64_t num_bytes,
                                                                   int root) override {
    return wrapped_.ShareFromRoot(data, num_bytes, root);
  }
  absl::StatusOr<std::unique_ptr<comm::SharedBytes>> AllocateShared(int64_t num_bytes) override {
    return wrapped_.AllocateShared(num_bytes);
  }
  [[noreturn]] void Abort(int exit_code) override {
    wrapped_.Abort(exit_code);
    std::abort();
  }

 private:
  comm::Communicator& wrapped_;
};

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
  const reduce::BatchLayout full(kBatch, kMicroBatch, threads_of_rank);
  const reduce::BatchLayout last(kLastBatch, kMicroBatch, threads_of_rank);
  ThreadTeam team(threads);
  std::vector<MicroBatchRunner> runners;
  const PassOptions options{.label_smoothing = 0.1f, .augmentation = {.shift = 2, .elastic = 1}};
  for (int i = 0; i < threads; ++i) runners.emplace_back(plan, images.View(), kMicroBatch, options);
  const auto optimizer = optim::Optimizer::Create({}).value();
  auto step = ExactStep::Create(comm, team, runners, *optimizer, plan, {&full, &last}).value();
  std::vector<float> weights(static_cast<size_t>(plan.network().num_parameters()));
  nn::InitializeWeights(plan.network(), 1, weights.data());
  ASSERT_TRUE(step->SetWeights(weights.data()).ok());
  int64_t number = 0;
  const auto run_both = [&] {
    for (const reduce::BatchLayout* batch : {&full, &last}) {
      const reduce::UpdateRule rule = {
          .step = ++number,
          .learning_rate = 0.001,
          .grad_scale = 1.0f / static_cast<float>(batch->batch_images())};
      const auto result =
          step->Run({.layout = batch, .image_index = images.index.data(), .seed = 3, .rule = rule});
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

void RunRanks(int world_size, const std::function<void(comm::Communicator&)>& run) {
  comm::ThreadWorld world(world_size);
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < world_size; ++rank) {
    ranks.emplace_back([&world, &run, rank] { run(*world.MakeCommunicator(rank)); });
  }
  for (std::thread& rank : ranks) rank.join();
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
  RunRanks(world_size, [threads = threads](comm::Communicator& comm) {
    ExpectStepsAllocateNothing(comm, threads);
  });
}

TEST_P(StepAllocationTest, ExactStepByMessagesTakesNoMemory) {
  const auto [world_size, threads] = GetParam();
  RunRanks(world_size, [threads = threads](comm::Communicator& comm) {
    SeveralHosts several(comm);
    ASSERT_FALSE(several.on_one_host());
    ExpectStepsAllocateNothing(several, threads);
  });
}

}  // namespace
}  // namespace convoy::train
