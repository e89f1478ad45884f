#include "common/evaluate/evaluation.h"

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/nn/builtin_models.h"

namespace convoy::evaluate {
namespace {

class EvaluationTest : public ::testing::Test {
 protected:
  EvaluationTest()
      : plan_(nn::Network::Create(nn::LoadModelSpec("notebook").value()).value()),
        weights_(static_cast<size_t>(plan_.network().num_parameters())),
        prepared_(static_cast<size_t>(plan_.prepared_floats())),
        executor_(plan_, kChunkImages) {
    nn::InitializeWeights(plan_.network(), 3, weights_.data());
    plan_.Prepare(weights_.data(), prepared_.data());
    RandomSequence random(1, RandomStream::kNoise);
    data_ = {.count = 37, .height = 28, .width = 28, .channels = 1, .num_classes = 10};
    for (int64_t i = 0; i < data_.count * 784; ++i) {
      data_.pixels.push_back(static_cast<uint8_t>(random.NextBelow(256)));
    }
    for (int64_t i = 0; i < data_.count; ++i) {
      data_.labels.push_back(static_cast<Label>(random.NextBelow(10)));
    }
  }

  std::vector<EvaluationSums> Chunks(data::Range chunks) {
    std::vector<EvaluationSums> sums(static_cast<size_t>(chunks.size()));
    EvaluateChunks(executor_, {weights_.data(), prepared_.data()}, data_.View(), chunks,
                   sums.data());
    return sums;
  }

  nn::Plan plan_;
  AlignedBuffer<float> weights_;
  AlignedBuffer<float> prepared_;
  nn::Executor executor_;
  data::Dataset data_;
};

TEST_F(EvaluationTest, CountsEveryImageOnceInTheLastShortChunkToo) {
  ASSERT_EQ(NumChunks(data_.count), 3);
  const EvaluationSums all = AddChunks(Chunks({0, 3}));
  double loss = 0;
  int64_t correct = 0;
  for (int64_t i = 0; i < data_.count; ++i) {
    const uint8_t* pixels = data_.View().image(i);
    const kernels::LossSums one =
        executor_.Evaluate({weights_.data(), prepared_.data()},
                           {.num_images = 1, .pixels = &pixels, .labels = data_.labels.data() + i});
    loss += one.loss;
    correct += one.correct;
  }
  EXPECT_NEAR(all.loss, loss, 1e-4);
  EXPECT_EQ(all.correct, correct);
}

TEST_F(EvaluationTest, AnyDistributionOfChunksGivesTheSameBits) {
  std::vector<EvaluationSums> pieces = Chunks({2, 3});
  for (const EvaluationSums& chunk : Chunks({0, 2})) pieces.insert(pieces.end() - 1, chunk);
  EXPECT_EQ(AddChunks(pieces).loss, AddChunks(Chunks({0, 3})).loss);
}

TEST_F(EvaluationTest, NoImagesNoChunks) { EXPECT_EQ(NumChunks(0), 0); }

}  // namespace
}  // namespace convoy::evaluate
