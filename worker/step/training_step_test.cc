// What both ways of a step promise, from micro-batches to new weights, at 1 to 4 ranks.
#include "worker/step/training_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/step/step_testing.h"

namespace convoy::step {
namespace {

using Kind = StepRig::Kind;

// SGD does not turn a difference in the last bit of a gradient into another weight, as Adam does.
const optim::OptimizerConfig kSgd{.kind = optim::OptimizerConfig::Kind::kSgd};

struct Trained {
  std::vector<float> weights;
  std::vector<StepResult> results;
};

void TrainOnAllBatches(comm::Communicator& comm, int threads, Kind kind, Exchange exchange,
                       Trained* trained) {
  StepRig rig(comm, threads, kind, kSgd, {}, exchange);
  for (size_t batch = 0; batch < rig.num_batches(); ++batch) {
    const auto result = rig.Run(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    if (comm.rank() == 0) trained->results.push_back(*result);
  }
  if (comm.rank() == 0) trained->weights = rig.weights();
}

Trained Train(int world_size, int threads, Kind kind, bool on_several_hosts = false,
              Exchange exchange = Exchange::kFloat32) {
  Trained trained;
  testing::RunRanks(world_size, [&](comm::Communicator& comm) {
    testing::SeveralHosts several(comm);
    TrainOnAllBatches(on_several_hosts ? several : comm, threads, kind, exchange, &trained);
  });
  return trained;
}

class TrainingStepTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

INSTANTIATE_TEST_SUITE_P(WorldSizesAndThreads, TrainingStepTest,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4),
                                            ::testing::Values(1, 2)));

TEST_P(TrainingStepTest, ExactStepHasTheSameBitsEverywhere) {
  const auto [world_size, threads] = GetParam();
  for (const Exchange exchange : {Exchange::kFloat32, Exchange::kBfloat16}) {
    const Trained alone = Train(1, 1, Kind::kExact, false, exchange);
    for (const bool on_several_hosts : {false, true}) {
      const Trained trained = Train(world_size, threads, Kind::kExact, on_several_hosts, exchange);
      EXPECT_EQ(trained.weights, alone.weights);
      for (size_t i = 0; i < alone.results.size(); ++i) {
        EXPECT_EQ(trained.results[i].loss, alone.results[i].loss);
        EXPECT_EQ(trained.results[i].correct, alone.results[i].correct);
      }
    }
  }
}

TEST(ExchangeTest, RoundedWeightsAreNearThoseThatAreNot) {
  const Trained floats = Train(1, 1, Kind::kExact);
  const Trained rounded = Train(1, 1, Kind::kExact, false, Exchange::kBfloat16);
  ASSERT_EQ(rounded.weights.size(), floats.weights.size());
  for (size_t i = 0; i < floats.weights.size(); ++i) {
    float weight = rounded.weights[i];
    kernels::RoundToBfloat16(&weight, 1);
    ASSERT_EQ(weight, rounded.weights[i]) << "parameter " << i;
    // Two steps of SGD move a weight by less than a bfloat16's precision, but for small ones.
    ASSERT_NEAR(weight, floats.weights[i], 0x1p-8 * std::abs(floats.weights[i]) + 1e-4) << i;
  }
  EXPECT_NE(rounded.results[0].loss, floats.results[0].loss);
  EXPECT_NEAR(rounded.results[0].loss, floats.results[0].loss, 0.02 * floats.results[0].loss);
}

// Counts what a rank sends to others.
class Counted : public testing::SeveralHosts {
 public:
  using SeveralHosts::SeveralHosts;
  absl::Status AllToAll(const float* send, std::span<const int64_t> send_counts,
                        std::span<const int64_t> send_offsets, float* recv,
                        std::span<const int64_t> recv_counts,
                        std::span<const int64_t> recv_offsets) override {
    for (int to = 0; to < world_size(); ++to) {
      if (to != rank()) floats_ += send_counts[static_cast<size_t>(to)];
    }
    return SeveralHosts::AllToAll(send, send_counts, send_offsets, recv, recv_counts, recv_offsets);
  }
  absl::Status AllGatherParts(float* inout, std::span<const int64_t> counts,
                              std::span<const int64_t> offsets) override {
    floats_ += (world_size() - 1) * counts[static_cast<size_t>(rank())];
    return SeveralHosts::AllGatherParts(inout, counts, offsets);
  }
  int64_t bytes() const { return floats_ * static_cast<int64_t>(sizeof(float)); }

 private:
  int64_t floats_ = 0;
};

// Headers, and halves that fill up a float, are less than a thousandth.
TEST(ExchangeTest, HalfTheBytesAreSent) {
  for (const int world_size : {2, 3, 4}) {
    testing::RunRanks(world_size, [&](comm::Communicator& comm) {
      Counted whole(comm);
      ASSERT_TRUE(StepRig(whole, 1, Kind::kExact).Run(0).ok());
      Counted half(comm);
      ASSERT_TRUE(StepRig(half, 1, Kind::kExact, {}, {}, Exchange::kBfloat16).Run(0).ok());
      EXPECT_GT(whole.bytes(), 100'000);
      EXPECT_NEAR(static_cast<double>(half.bytes()), static_cast<double>(whole.bytes()) / 2,
                  static_cast<double>(whole.bytes()) / 1000);
    });
  }
}

TEST_P(TrainingStepTest, MpiStepDiffersByRoundingAlone) {
  const auto [world_size, threads] = GetParam();
  const Trained exact = Train(1, 1, Kind::kExact);
  const Trained trained = Train(world_size, threads, Kind::kMpi);
  ASSERT_EQ(trained.weights.size(), exact.weights.size());
  for (size_t i = 0; i < exact.weights.size(); ++i) {
    ASSERT_NEAR(trained.weights[i], exact.weights[i], 1e-6) << "parameter " << i;
  }
  for (size_t i = 0; i < exact.results.size(); ++i) {
    EXPECT_NEAR(trained.results[i].loss, exact.results[i].loss, 1e-3);
    EXPECT_EQ(trained.results[i].correct, exact.results[i].correct);
  }
}

TEST_P(TrainingStepTest, StopOfOneRankIsHeardByAll) {
  const auto [world_size, threads] = GetParam();
  for (const Kind kind : {Kind::kExact, Kind::kMpi}) {
    testing::RunRanks(world_size, [&, threads = threads](comm::Communicator& comm) {
      StepRig rig(comm, threads, kind);
      EXPECT_FALSE(rig.Run(0).value().stop_requested);
      const bool mine = comm.rank() == comm.world_size() - 1;
      EXPECT_TRUE(rig.Run(1, /*stop_requested=*/mine).value().stop_requested);
    });
  }
}

TEST_P(TrainingStepTest, NothingMovesWhenALossIsNotFinite) {
  const auto [world_size, threads] = GetParam();
  for (const Kind kind : {Kind::kExact, Kind::kMpi}) {
    testing::RunRanks(world_size, [&, threads = threads](comm::Communicator& comm) {
      StepRig rig(comm, threads, kind);
      std::vector<float> weights = rig.weights();
      weights.back() = std::numeric_limits<float>::quiet_NaN();
      ASSERT_TRUE(rig.step().SetWeights(weights.data()).ok());
      EXPECT_EQ(rig.Run(0).status().code(), absl::StatusCode::kAborted);
      weights.pop_back();
      std::vector<float> after = rig.weights();
      EXPECT_TRUE(std::isnan(after.back()));
      after.pop_back();
      EXPECT_EQ(after, weights);
    });
  }
}

}  // namespace
}  // namespace convoy::step
