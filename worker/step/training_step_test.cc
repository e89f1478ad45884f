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

void TrainOnAllBatches(comm::Communicator& comm, int threads, Kind kind, Trained* trained) {
  StepRig rig(comm, threads, kind, kSgd);
  for (size_t batch = 0; batch < rig.num_batches(); ++batch) {
    const auto result = rig.Run(batch);
    ASSERT_TRUE(result.ok()) << result.status();
    if (comm.rank() == 0) trained->results.push_back(*result);
  }
  if (comm.rank() == 0) trained->weights = rig.weights();
}

Trained Train(int world_size, int threads, Kind kind, bool on_several_hosts = false) {
  Trained trained;
  testing::RunRanks(world_size, [&](comm::Communicator& comm) {
    testing::SeveralHosts several(comm);
    TrainOnAllBatches(on_several_hosts ? several : comm, threads, kind, &trained);
  });
  return trained;
}

class TrainingStepTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

INSTANTIATE_TEST_SUITE_P(WorldSizesAndThreads, TrainingStepTest,
                         ::testing::Combine(::testing::Values(1, 2, 3, 4),
                                            ::testing::Values(1, 2)));

TEST_P(TrainingStepTest, ExactStepHasTheSameBitsEverywhere) {
  const auto [world_size, threads] = GetParam();
  const Trained alone = Train(1, 1, Kind::kExact);
  for (const bool on_several_hosts : {false, true}) {
    const Trained trained = Train(world_size, threads, Kind::kExact, on_several_hosts);
    EXPECT_EQ(trained.weights, alone.weights);
    for (size_t i = 0; i < alone.results.size(); ++i) {
      EXPECT_EQ(trained.results[i].loss, alone.results[i].loss);
      EXPECT_EQ(trained.results[i].correct, alone.results[i].correct);
    }
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
