// The reducers on made-up gradients: run by all ranks of a world side by side, whether threads or
// processes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "common/base/random.h"
#include "common/base/thread_team.h"
#include "worker/comm/communicator.h"
#include "worker/reduce/all_reducer.h"
#include "worker/reduce/exact_reducer.h"

namespace convoy::reduce {

inline std::vector<float> LeafGradient(int64_t leaf, int64_t num_parameters) {
  RandomSequence random(21, RandomStream::kNoise, static_cast<uint32_t>(leaf));
  std::vector<float> gradient(static_cast<size_t>(num_parameters));
  for (float& value : gradient)
    value = (random.NextFloat() - 0.5f) * std::exp2f(8 * random.NextFloat());
  return gradient;
}

inline std::vector<float> NodeGradient(Range node, int64_t num_parameters) {
  if (node.size() == 1) return LeafGradient(node.begin, num_parameters);
  const int64_t middle = node.begin + LeftLeaves(node.size());
  std::vector<float> sum = NodeGradient({node.begin, middle}, num_parameters);
  const std::vector<float> right = NodeGradient({middle, node.end}, num_parameters);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += right[i];
  return sum;
}

// A loss that is another double in another order of additions.
inline double LeafLoss(int64_t leaf) { return 0.1 + 1e-13 * static_cast<double>(leaf * leaf); }

inline double NodeLoss(Range node) {
  if (node.size() == 1) return LeafLoss(node.begin);
  const int64_t middle = node.begin + LeftLeaves(node.size());
  return NodeLoss({node.begin, middle}) + NodeLoss({middle, node.end});
}

// One rank's part of a few steps on a batch of `leaves` micro-batches of one image each.
class ReducerHarness {
 public:
  ReducerHarness(comm::Communicator& comm, int64_t num_parameters, int64_t leaves, int threads)
      : comm_(comm),
        num_parameters_(num_parameters),
        team_(threads),
        layout_(leaves, 1, std::vector<int>(static_cast<size_t>(comm.world_size()), threads)),
        optimizer_(optim::Optimizer::Create({}).value()),
        weights_(static_cast<size_t>(num_parameters), 0.5f),
        new_weights_(weights_) {}

  Contribution Contribute() {
    sums_.clear();
    Contribution contribution;
    for (const Range& node : layout_.NodesOfRank(comm_.rank())) {
      sums_.push_back(NodeGradient(node, num_parameters_));
      contribution.losses.push_back(NodeLoss(node));
      contribution.correct += node.size();
    }
    for (const auto& sum : sums_) contribution.gradients.push_back(sum.data());
    return contribution;
  }

  absl::StatusOr<StepResult> ExactStep(const Contribution& contribution) {
    if (reducer_ == nullptr) {
      reducer_ = std::make_unique<ExactReducer>(comm_, team_, num_parameters_,
                                                std::vector<const BatchLayout*>{&layout_});
      shard_ = std::make_unique<OptimizerShard>(
          *optimizer_, OwnedSlice(num_parameters_, comm_.rank(), comm_.world_size()));
    }
    auto result = reducer_->Step(layout_, contribution, NextRule(), weights_.data(),
                                 new_weights_.data(), shard_.get(), &phases_);
    if (result.ok()) weights_.swap(new_weights_);
    return result;
  }

  absl::StatusOr<StepResult> MpiStep() {
    if (shard_ == nullptr) {
      shard_ = std::make_unique<OptimizerShard>(*optimizer_, Range{0, num_parameters_});
    }
    Contribution own;
    std::vector<float> sum(static_cast<size_t>(num_parameters_), 0.0f);
    const Range run = layout_.RunOfRank(comm_.rank());
    for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
      const std::vector<float> gradient = LeafGradient(leaf, num_parameters_);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    }
    AllReducer reducer(comm_, num_parameters_);
    reducer.Start(sum.data());
    for (int64_t begin = num_parameters_; begin > 0; begin -= begin / 3 + 1) {
      const absl::Status status = reducer.AddReady(begin);
      if (!status.ok()) return status;
    }
    auto result = reducer.Finish(own, NextRule(), weights_.data(), new_weights_.data(),
                                 shard_.get(), &phases_);
    weights_.swap(new_weights_);
    return result;
  }

  const std::vector<float>& weights() const { return weights_; }
  const BatchLayout& layout() const { return layout_; }

 private:
  UpdateRule NextRule() {
    ++step_;
    return {.step = step_,
            .learning_rate = 0.01,
            .grad_scale = 1.0f / static_cast<float>(layout_.batch_images())};
  }

  comm::Communicator& comm_;
  int64_t num_parameters_;
  ThreadTeam team_;
  BatchLayout layout_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::vector<float> weights_;
  std::vector<float> new_weights_;
  std::vector<std::vector<float>> sums_;
  std::unique_ptr<ExactReducer> reducer_;
  std::unique_ptr<OptimizerShard> shard_;
  metrics::PhaseSeconds phases_;
  int64_t step_ = 0;
};

// The weights after `steps` steps, by one optimizer on the tree's sum.
inline std::vector<float> ExpectedWeights(int64_t num_parameters, int64_t leaves, int steps) {
  const auto optimizer = optim::Optimizer::Create({}).value();
  OptimizerShard shard(*optimizer, {0, num_parameters});
  std::vector<float> weights(static_cast<size_t>(num_parameters), 0.5f);
  const std::vector<float> sum = NodeGradient({0, leaves}, num_parameters);
  for (int64_t step = 1; step <= steps; ++step) {
    shard.Update(
        {.step = step, .learning_rate = 0.01, .grad_scale = 1.0f / static_cast<float>(leaves)},
        {0, num_parameters}, weights.data(), sum.data(), weights.data());
  }
  return weights;
}

inline void CheckExactSteps(comm::Communicator& comm, int threads) {
  for (const int64_t leaves : {1, 2, 7, 8, 13}) {
    for (const int64_t num_parameters : {1, 15, 40, 2531}) {
      ReducerHarness harness(comm, num_parameters, leaves, threads);
      const Contribution contribution = harness.Contribute();
      for (int step = 0; step < 3; ++step) {
        const auto result = harness.ExactStep(contribution);
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_EQ(result->loss, NodeLoss({0, leaves}));
        EXPECT_EQ(result->correct, leaves);
        EXPECT_FALSE(result->stop_requested);
      }
      EXPECT_EQ(harness.weights(), ExpectedWeights(num_parameters, leaves, 3))
          << leaves << " leaves, " << num_parameters << " parameters, " << comm.world_size()
          << " ranks";
    }
  }
}

inline void CheckStopOfOneRankReachesAll(comm::Communicator& comm) {
  ReducerHarness harness(comm, 100, 8, 1);
  Contribution contribution = harness.Contribute();
  contribution.stop_requested = comm.rank() == comm.world_size() - 1;
  const auto result = harness.ExactStep(contribution);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->stop_requested);
}

// Not-finite values of one rank fail the step on all ranks, and no weight moves.
inline void CheckNotFiniteIsAgreed(comm::Communicator& comm) {
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    ReducerHarness harness(comm, 100, 8, 1);
    Contribution contribution = harness.Contribute();
    std::vector<float> poisoned = NodeGradient({0, 1}, 100);
    poisoned[77] = bad;
    if (comm.rank() == 0) contribution.gradients[0] = poisoned.data();
    const std::vector<float> before = harness.weights();
    EXPECT_EQ(harness.ExactStep(contribution).status().code(), absl::StatusCode::kAborted);
    EXPECT_EQ(harness.weights(), before);
  }
  ReducerHarness harness(comm, 100, 8, 1);
  Contribution contribution = harness.Contribute();
  if (comm.rank() == 0) contribution.losses[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(harness.ExactStep(contribution).status().code(), absl::StatusCode::kAborted);
}

inline void CheckMpiReduceIsClose(comm::Communicator& comm) {
  const int64_t num_parameters = 200000;  // several buckets
  const int64_t leaves = 8;
  ReducerHarness harness(comm, num_parameters, leaves, 1);
  ASSERT_TRUE(harness.MpiStep().ok());
  const std::vector<float> expected = ExpectedWeights(num_parameters, leaves, 1);
  double difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference, std::abs(double{harness.weights()[i]} - expected[i]));
  }
  // Adam divides by the gradient's size, so where leaves cancel, rounding shows; a step is 0.01.
  EXPECT_LT(difference, 1e-5);
}

inline void CheckReducers(comm::Communicator& comm) {
  CheckExactSteps(comm, 1);
  CheckExactSteps(comm, 3);
  CheckStopOfOneRankReachesAll(comm);
  CheckNotFiniteIsAgreed(comm);
  CheckMpiReduceIsClose(comm);
}

}  // namespace convoy::reduce
