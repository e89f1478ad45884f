#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/kernels/blas/gemm.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/network_testing.h"
#include "tests/support/allocation_counter.h"

namespace convoy::nn {
namespace {

using ::convoy::testing::AllocationCount;

TEST(AllocationCounterTest, SeesEveryKind) {
  const int64_t before = AllocationCount();
  if (before < 0) GTEST_SKIP() << "a sanitizer owns the heap";
  const std::vector<int> by_new(100);
  const int64_t after_new = AllocationCount();
  EXPECT_GT(after_new, before);
  const AlignedBuffer<float> aligned(100);
  EXPECT_GT(AllocationCount(), after_new);
}

TEST(ExecutorAllocationTest, PassesTakeNoMemory) {
  if (AllocationCount() < 0) GTEST_SKIP() << "a sanitizer owns the heap";
  ASSERT_TRUE(kernels::UseKernels(std::nullopt).ok());  // loads OpenBLAS, as programs do first
  std::vector<Network> networks = OddNetworks();
  networks.push_back(Network::Create(LoadModelSpec("notebook").value()).value());
  for (const Network& network : networks) {
    SCOPED_TRACE(network.spec().name);
    const Plan plan(network);
    const std::vector<float> weights = NoisyWeights(network);
    AlignedBuffer<float> prepared(static_cast<size_t>(plan.prepared_floats()));
    plan.Prepare(weights.data(), prepared.data());
    const PreparedWeights both{.weights = weights.data(), .prepared = prepared.data()};
    TestImages images = NoiseImages(network, 5);
    const ImageBatch batch = images.Batch();
    std::vector<float> gradient(weights.size());
    std::vector<float> probabilities(5 * static_cast<size_t>(network.num_classes()));
    Executor executor(plan, 5);
    const int64_t before = AllocationCount();
    executor.Train(both, images.TrainingPass(), batch, {.gradient = gradient.data()});
    const int64_t after_train = AllocationCount();
    executor.Evaluate(both, batch);
    executor.Predict(both, batch, probabilities.data());
    const int64_t after_all = AllocationCount();
    EXPECT_EQ(after_train, before);
    EXPECT_EQ(after_all, after_train);
  }
}

}  // namespace
}  // namespace convoy::nn
