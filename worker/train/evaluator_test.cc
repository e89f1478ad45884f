#include "worker/train/evaluator.h"

#include <gtest/gtest.h>

#include "tests/support/thread_ranks.h"
#include "worker/train/job_testing.h"

namespace convoy::train {
namespace {

TEST(EvaluatorTest, RanksAndThreadsDoNotShowInTheSums) {
  const Job job = TestJob(TestRecipe());
  const nn::Plan plan(nn::Network::Create(job.recipe.model).value());
  AlignedBuffer<float> weights(static_cast<size_t>(plan.network().num_parameters()));
  nn::InitializeWeights(plan.network(), 5, weights.data());
  AlignedBuffer<float> prepared(static_cast<size_t>(plan.prepared_floats()));
  plan.Prepare(weights.data(), prepared.data());
  // 53 images are four chunks: with more ranks some have nothing to do.
  const data::DatasetView images = job.train;
  nn::Executor alone(plan, evaluate::kChunkImages);
  std::vector<evaluate::EvaluationSums> chunks(4);
  evaluate::EvaluateChunks(alone, {weights.data(), prepared.data()}, images, {0, 4}, chunks.data());
  const evaluate::EvaluationSums expected = evaluate::AddChunks(chunks);
  for (const int ranks : {1, 2, 3, 7}) {
    for (const int threads : {1, 2}) {
      testing::RunRanks(ranks, [&](comm::Communicator& comm) {
        ThreadTeam team(threads);
        std::vector<step::MicroBatchRunner> runners;
        for (int i = 0; i < threads; ++i)
          runners.emplace_back(plan, images, evaluate::kChunkImages);
        const auto sums =
            EvaluateOnAllRanks(comm, team, std::vector<int>(static_cast<size_t>(ranks), threads),
                               runners, {weights.data(), prepared.data()}, images);
        ASSERT_TRUE(sums.ok()) << sums.status();
        EXPECT_EQ(sums->loss, expected.loss);
        EXPECT_EQ(sums->correct, expected.correct);
      });
    }
  }
}

}  // namespace
}  // namespace convoy::train
