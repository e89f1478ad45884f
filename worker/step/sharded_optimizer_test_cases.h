// From made-up gradients to new weights, by reduce-scatter, sharded optimizer and all-gather, or by
// an all-reduce: run by all ranks of a world side by side, whether threads or processes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/status.h"
#include "common/base/thread_team.h"
#include "worker/comm/communicator.h"
#include "worker/comm/thread_communicator.h"
#include "worker/step/mpi_all_reduce.h"
#include "worker/step/sharded_optimizer.h"

namespace convoy::step {

inline std::vector<float> LeafGradient(int64_t leaf, int64_t num_parameters) {
  RandomSequence random(21, RandomStream::kNoise, static_cast<uint32_t>(leaf));
  std::vector<float> gradient(static_cast<size_t>(num_parameters));
  for (float& value : gradient)
    value = (random.NextFloat() - 0.5f) * std::exp2f(8 * random.NextFloat());
  return gradient;
}

// What is sent of a made-up array.
inline std::vector<float> Sent(std::vector<float> values, Exchange exchange) {
  RoundFor(exchange, values.data(), static_cast<int64_t>(values.size()));
  return values;
}

inline std::vector<float> NodeGradient(Range node, int64_t num_parameters,
                                       Exchange exchange = Exchange::kFloat32) {
  if (node.size() == 1) return Sent(LeafGradient(node.begin, num_parameters), exchange);
  const int64_t middle = node.begin + LeftLeaves(node.size());
  std::vector<float> sum = NodeGradient({node.begin, middle}, num_parameters, exchange);
  const std::vector<float> right = NodeGradient({middle, node.end}, num_parameters, exchange);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += right[i];
  return Sent(std::move(sum), exchange);
}

// A loss that is another double in another order of additions.
inline double LeafLoss(int64_t leaf) { return 0.1 + 1e-13 * static_cast<double>(leaf * leaf); }

inline double NodeLoss(Range node) {
  if (node.size() == 1) return LeafLoss(node.begin);
  const int64_t middle = node.begin + LeftLeaves(node.size());
  return NodeLoss({node.begin, middle}) + NodeLoss({middle, node.end});
}

// A kernel large enough to be factored, behind and before parameters that are summed.
inline nn::OuterProductGradient BigKernel() {
  return {.weight_offset = 37, .inputs = 210, .units = 80};
}
inline constexpr int64_t kWithBigKernel = 37 + 210 * 80 + 500;

// So much that cuts are where subtrees end, as far as that is allowed.
inline constexpr double kImagesPerSum = 100;

// Parameters that move without being trained, where there are so many.
inline constexpr Range kMoving = {21, 30};
inline std::vector<Range> MovingOf(int64_t num_parameters) {
  return num_parameters < kMoving.end ? std::vector<Range>{} : std::vector<Range>{kMoving};
}
inline std::vector<ParameterRule> MovingRules(int64_t num_parameters) {
  std::vector<ParameterRule> rules;
  for (const Range& range : MovingOf(num_parameters)) {
    rules.push_back({.range = range, .is_moving = true, .momentum = 0.99f});
  }
  return rules;
}

enum class Transport { kShared, kMessages };

// One rank's part of a few steps on a batch of `leaves` micro-batches of one image each.
class ShardHarness {
 public:
  ShardHarness(comm::Communicator& comm, Transport transport, int64_t num_parameters,
               int64_t leaves, int threads = 1, Exchange exchange = Exchange::kFloat32)
      : comm_(comm),
        team_(threads),
        batches_(1,
                 BatchPartition(leaves, 1,
                                std::vector<int>(static_cast<size_t>(comm.world_size()), threads),
                                transport == Transport::kMessages ? kImagesPerSum : 0)),
        sharding_(num_parameters,
                  {num_parameters == kWithBigKernel ? std::optional(BigKernel()) : std::nullopt},
                  leaves, comm.world_size(), exchange, MovingOf(num_parameters)),
        adam_(optim::Optimizer::Create({}).value()),
        optimizer_(*adam_, MovingRules(num_parameters), sharding_, comm.rank(), team_, leaves) {
    const auto num_gradients = static_cast<int>(batch().NodesOfRank(comm.rank()).size());
    collectives_ = transport == Transport::kShared
                       ? CreateSharedCollectives(comm, sharding_, batches_, num_gradients).value()
                       : CreateMessageCollectives(comm, sharding_, batches_, num_gradients);
    if (comm.rank() == 0 || !collectives_->arrays().weights_are_shared) {
      std::fill_n(collectives_->arrays().weights[0], num_parameters, 0.5f);
    }
    const std::vector<float> masters(static_cast<size_t>(num_parameters), 0.5f);
    optimizer_.slots().SetMasters(masters.data());
    EXPECT_TRUE(comm.Barrier().ok());
  }

  Contribution Contribute() {
    Contribution contribution;
    size_t next = 0;
    for (const Range& node : batch().NodesOfRank(comm_.rank())) {
      float* sum = collectives_->arrays().gradients[next++];
      const std::vector<float> gradient =
          NodeGradient(node, sharding_.num_parameters(), sharding_.exchange());
      std::copy(gradient.begin(), gradient.end(), sum);
      contribution.gradients.push_back(sum);
      contribution.losses.push_back(NodeLoss(node));
      contribution.correct += node.size();
    }
    if (sharding_.kernels().empty()) return contribution;
    const FactorArrays factors = collectives_->arrays().factors[0];
    const Range images = batch().ImagesOfRank(comm_.rank());
    for (int64_t image = images.begin; image < images.end; ++image) {
      const auto factor = [&](int64_t leaf, int64_t size) {
        return Sent(LeafGradient(leaf, size), sharding_.exchange());
      };
      const std::vector<float> src = factor(1000 + image, BigKernel().inputs);
      const std::vector<float> d_dst = factor(2000 + image, BigKernel().units);
      std::copy(src.begin(), src.end(), factors.src + image * BigKernel().inputs);
      std::copy(d_dst.begin(), d_dst.end(), factors.d_dst + image * BigKernel().units);
    }
    return contribution;
  }

  absl::StatusOr<StepResult> Step(const Contribution& contribution) {
    CONVOY_ASSIGN_OR_RETURN(const ScatteredSums* sums,
                            collectives_->ReduceScatter(0, contribution));
    CONVOY_RETURN_IF_ERROR(CheckLoss(sums->result.loss));
    optimizer_.Step(*sums,
                    {.step = ++step_,
                     .learning_rate = learning_rate_,
                     .grad_scale = 1.0f / static_cast<float>(batch().batch_images())},
                    collectives_->arrays(), current_, &phases_);
    const int next = 1 - current_;
    CONVOY_RETURN_IF_ERROR(collectives_->AllGather(next));
    CONVOY_RETURN_IF_ERROR(
        optimizer_.CheckAllRanks(collectives_->arrays().weights[static_cast<size_t>(next)]));
    current_ = next;
    return sums->result;
  }

  void set_learning_rate(double rate) { learning_rate_ = rate; }

  std::vector<float> weights() {
    const float* values = collectives_->arrays().weights[static_cast<size_t>(current_)];
    return {values, values + sharding_.num_parameters()};
  }

 private:
  const BatchPartition& batch() const { return batches_[0]; }

  comm::Communicator& comm_;
  ThreadTeam team_;
  const std::vector<BatchPartition> batches_;
  const ShardingPlan sharding_;
  std::unique_ptr<optim::Optimizer> adam_;
  ShardedOptimizer optimizer_;
  std::unique_ptr<Collectives> collectives_;
  metrics::PhaseSeconds phases_;
  double learning_rate_ = 0.01;
  int64_t step_ = 0;
  int current_ = 0;
};

// The gradient of a whole batch, in double where factors make it.
inline std::vector<float> BatchGradient(int64_t num_parameters, int64_t leaves, Exchange exchange) {
  std::vector<float> sum = NodeGradient({0, leaves}, num_parameters, exchange);
  if (num_parameters != kWithBigKernel) return sum;
  const nn::OuterProductGradient kernel = BigKernel();
  std::vector<double> product(static_cast<size_t>(kernel.inputs * kernel.units), 0.0);
  for (int64_t image = 0; image < leaves; ++image) {
    const std::vector<float> src = Sent(LeafGradient(1000 + image, kernel.inputs), exchange);
    const std::vector<float> d_dst = Sent(LeafGradient(2000 + image, kernel.units), exchange);
    for (size_t i = 0; i < product.size(); ++i) {
      const auto units = static_cast<size_t>(kernel.units);
      product[i] += double{src[i / units]} * d_dst[i % units];
    }
  }
  std::copy(product.begin(), product.end(), sum.begin() + kernel.weight_offset);
  return sum;
}

// The weights after `steps` steps, by one optimizer.
inline std::vector<float> ExpectedWeights(int64_t num_parameters, int64_t leaves, int steps,
                                          Exchange exchange) {
  const auto optimizer = optim::Optimizer::Create({}).value();
  RangeOptimizer slots(*optimizer, num_parameters, MovingRules(num_parameters), exchange);
  std::vector<float> weights(static_cast<size_t>(num_parameters), 0.5f);
  slots.SetMasters(weights.data());
  std::vector<float> sum = BatchGradient(num_parameters, leaves, exchange);
  for (int64_t step = 1; step <= steps; ++step) {
    slots.Update(
        {.step = step, .learning_rate = 0.01, .grad_scale = 1.0f / static_cast<float>(leaves)},
        {0, num_parameters}, weights.data(), sum.data(), weights.data());
  }
  return weights;
}

// The weights of a world of one rank: what all others must equal to the bit.
inline std::vector<float> WeightsOfOneRank(int64_t num_parameters, int64_t leaves, int steps,
                                           Exchange exchange) {
  comm::ThreadWorld world(1);
  const auto alone = world.MakeCommunicator(0);
  ShardHarness harness(*alone, Transport::kShared, num_parameters, leaves, 1, exchange);
  const Contribution contribution = harness.Contribute();
  for (int step = 0; step < steps; ++step) EXPECT_TRUE(harness.Step(contribution).ok());
  return harness.weights();
}

inline double LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a[i]} - double{b[i]}));
  }
  return largest;
}

inline void CheckExactSteps(comm::Communicator& comm, Transport transport, int threads,
                            Exchange exchange = Exchange::kFloat32) {
  for (const int64_t leaves : {1, 2, 7, 8, 13, 32}) {
    for (const int64_t num_parameters : {int64_t{1}, int64_t{40}, int64_t{9531}, kWithBigKernel}) {
      ShardHarness harness(comm, transport, num_parameters, leaves, threads, exchange);
      const Contribution contribution = harness.Contribute();
      for (int step = 0; step < 3; ++step) {
        const auto result = harness.Step(contribution);
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_EQ(result->loss, NodeLoss({0, leaves}));
        EXPECT_EQ(result->correct, leaves);
        EXPECT_FALSE(result->stop_requested);
      }
      EXPECT_EQ(harness.weights(), WeightsOfOneRank(num_parameters, leaves, 3, exchange))
          << leaves << " leaves, " << num_parameters << " parameters, " << comm.world_size()
          << " ranks";
      // Adam divides by the gradient's size, so where images cancel, rounding shows; a step is
      // 0.01. A weight below 1 that is rounded may be the next bfloat16 then.
      const double tolerance = exchange == Exchange::kFloat32 ? 1e-4 : 0x1p-8 + 1e-4;
      EXPECT_LT(LargestDifference(harness.weights(),
                                  ExpectedWeights(num_parameters, leaves, 3, exchange)),
                tolerance);
    }
  }
}

// Trained weights are rounded, moving ones are floats, and many small steps are not lost.
inline void CheckWeightsInBfloat16(comm::Communicator& comm, Transport transport) {
  ShardHarness harness(comm, transport, 100, 8, 1, Exchange::kBfloat16);
  harness.set_learning_rate(1e-4);  // a bfloat16 below 1/2 is 1/512 wide
  const Contribution contribution = harness.Contribute();
  for (int step = 0; step < 60; ++step) ASSERT_TRUE(harness.Step(contribution).ok());
  const std::vector<float> weights = harness.weights();
  int64_t moved = 0;
  int64_t floats = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const float weight = weights[static_cast<size_t>(i)];
    const bool is_rounded = Sent({weight}, Exchange::kBfloat16)[0] == weight;
    if (kMoving.begin <= i && i < kMoving.end) {
      floats += is_rounded ? 0 : 1;
    } else {
      ASSERT_TRUE(is_rounded) << i;
      moved += weight != 0.5f ? 1 : 0;
    }
  }
  EXPECT_GT(moved, 80);
  EXPECT_EQ(floats, kMoving.size());
}

inline void CheckStopOfOneRankReachesAll(comm::Communicator& comm, Transport transport) {
  ShardHarness harness(comm, transport, 100, 8);
  Contribution contribution = harness.Contribute();
  contribution.stop_requested = comm.rank() == comm.world_size() - 1;
  const auto result = harness.Step(contribution);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->stop_requested);
}

// Not-finite values of one rank fail the step on all ranks, and no weight moves.
inline void CheckGradientNotFinite(comm::Communicator& comm, Transport transport) {
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    for (const Exchange exchange : {Exchange::kFloat32, Exchange::kBfloat16}) {
      ShardHarness harness(comm, transport, 100, 8, 1, exchange);
      Contribution contribution = harness.Contribute();
      if (comm.rank() == 0) const_cast<float*>(contribution.gradients[0])[77] = bad;
      const std::vector<float> before = harness.weights();
      EXPECT_EQ(harness.Step(contribution).status(),
                absl::AbortedError("the gradient is not finite"));
      EXPECT_EQ(harness.weights(), before);
    }
  }
}

// A finite gradient may still make weights that are not: the error says which.
inline void CheckWeightsNotFinite(comm::Communicator& comm, Transport transport) {
  for (const Exchange exchange : {Exchange::kFloat32, Exchange::kBfloat16}) {
    ShardHarness harness(comm, transport, 100, 8, 1, exchange);
    const Contribution contribution = harness.Contribute();
    harness.set_learning_rate(1e39);
    const std::vector<float> before = harness.weights();
    EXPECT_EQ(harness.Step(contribution).status(),
              absl::AbortedError("the new weights are not finite"));
    EXPECT_EQ(harness.weights(), before);
  }
}

inline void CheckLossNotFinite(comm::Communicator& comm, Transport transport) {
  ShardHarness harness(comm, transport, 100, 8);
  Contribution contribution = harness.Contribute();
  if (comm.rank() == 0) contribution.losses[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(harness.Step(contribution).status(), absl::AbortedError("the loss is not finite"));
}

inline void CheckAllReduce(comm::Communicator& comm) {
  const int64_t num_parameters = 200000;  // several buckets
  const int64_t leaves = 8;
  const BatchPartition batch(leaves, 1,
                             std::vector<int>(static_cast<size_t>(comm.world_size()), 1));
  const Range run = batch.RunOfRank(comm.rank());
  std::vector<float> sum(static_cast<size_t>(num_parameters), 0.0f);
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    const std::vector<float> gradient = LeafGradient(leaf, num_parameters);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
  }
  MpiAllReduce all_reduce(comm, num_parameters);
  all_reduce.Start(sum.data());
  for (int64_t begin = num_parameters; begin > 0; begin -= begin / 3 + 1) {
    ASSERT_TRUE(all_reduce.AddReady(begin).ok());
  }
  const auto result = all_reduce.Finish({.losses = {0.5}, .correct = 1, .stop_requested = true});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->loss, 0.5 * comm.world_size());
  EXPECT_EQ(result->correct, comm.world_size());
  EXPECT_TRUE(result->stop_requested);
  EXPECT_LT(LargestDifference(sum, NodeGradient({0, leaves}, num_parameters)), 1e-3);
}

struct ShardCase {
  const char* name;
  void (*check)(comm::Communicator& comm, Transport transport);
};

inline constexpr ShardCase kShardCases[] = {
    {"SameBitsWithOneThread",
     [](comm::Communicator& comm, Transport of) { CheckExactSteps(comm, of, 1); }},
    {"SameBitsWithThreeThreads",
     [](comm::Communicator& comm, Transport of) { CheckExactSteps(comm, of, 3); }},
    {"SameBitsInBfloat16",
     [](comm::Communicator& comm, Transport of) {
       CheckExactSteps(comm, of, 1, Exchange::kBfloat16);
       CheckExactSteps(comm, of, 3, Exchange::kBfloat16);
     }},
    {"WeightsInBfloat16", CheckWeightsInBfloat16},
    {"StopOfOneRankReachesAll", CheckStopOfOneRankReachesAll},
    {"GradientNotFinite", CheckGradientNotFinite},
    {"WeightsNotFinite", CheckWeightsNotFinite},
    {"LossNotFinite", CheckLossNotFinite}};

inline std::string TransportName(Transport transport) {
  return transport == Transport::kShared ? "Shared" : "Messages";
}

}  // namespace convoy::step
