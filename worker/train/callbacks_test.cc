#include "worker/train/callbacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Gives one metric after another; returns all lines.
std::vector<std::string> Feed(Callbacks& callbacks, const std::string& metric,
                              const std::vector<double>& values, int64_t first_epoch = 0) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < values.size(); ++i) {
    const metrics::EpochMetrics metrics = {{"other", 1.0}, {metric, values[i]}};
    for (std::string& line : callbacks.OnEpochEnd(first_epoch + static_cast<int64_t>(i), metrics)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

TEST(EarlyStoppingTest, StopsAfterPatienceEpochsWithoutImprovement) {
  Callbacks callbacks({}, EarlyStoppingConfig{.patience = 2}, 0.1);
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.5, 0.3, 0.4}), IsEmpty());
  EXPECT_FALSE(callbacks.stopped());
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.3}, 3), ElementsAre("Epoch 4: early stopping"));
  EXPECT_TRUE(callbacks.stopped());
  EXPECT_EQ(callbacks.best_epoch(), 1);
  EXPECT_EQ(callbacks.best_value(), 0.3);
}

TEST(EarlyStoppingTest, AccuracyIsToRise) {
  Callbacks callbacks({}, EarlyStoppingConfig{.monitor = "val_accuracy", .patience = 1}, 0.1);
  EXPECT_THAT(Feed(callbacks, "val_accuracy", {0.5, 0.6, 0.7}), IsEmpty());
  EXPECT_THAT(Feed(callbacks, "val_accuracy", {0.65}, 3), ElementsAre("Epoch 4: early stopping"));
}

TEST(EarlyStoppingTest, SmallImprovementsDoNotCount) {
  Callbacks callbacks({}, EarlyStoppingConfig{.patience = 1, .min_delta = 0.1}, 0.1);
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.5, 0.45}), ElementsAre("Epoch 2: early stopping"));
  EXPECT_EQ(callbacks.best_epoch(), 0);
}

// As in Keras, training never ends after the first epoch, and the first ones may not count.
TEST(EarlyStoppingTest, FirstEpochsDoNotStop) {
  Callbacks impatient({}, EarlyStoppingConfig{.patience = 0}, 0.1);
  EXPECT_THAT(Feed(impatient, "val_loss", {0.5, 0.6}), ElementsAre("Epoch 2: early stopping"));
  Callbacks late({}, EarlyStoppingConfig{.patience = 1, .start_from_epoch = 3}, 0.1);
  EXPECT_THAT(Feed(late, "val_loss", {0.1, 0.2, 0.3, 0.4}), IsEmpty());
  EXPECT_EQ(late.best_epoch(), 3);
}

// Checked by hand against tf-keras: a drop after two bad epochs, one epoch of cooldown, and so on.
TEST(ReduceOnPlateauTest, DropsAfterPatienceAndCoolsDown) {
  const ReduceOnPlateauConfig config{.factor = 0.5, .patience = 2, .cooldown = 1};
  Callbacks callbacks(config, {}, 0.1);
  EXPECT_THAT(Feed(callbacks, "val_loss", {1.0, 0.9, 0.9}), IsEmpty());
  EXPECT_EQ(callbacks.learning_rate(), 0.1);
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.9}, 3),
              ElementsAre("Epoch 4: ReduceLROnPlateau reducing learning rate to 0.05."));
  EXPECT_EQ(callbacks.learning_rate(), 0.05);
  // The cooldown ends with epoch 5, which itself counts again.
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.9}, 4), IsEmpty());
  EXPECT_THAT(Feed(callbacks, "val_loss", {0.9}, 5),
              ElementsAre("Epoch 6: ReduceLROnPlateau reducing learning rate to 0.025."));
}

TEST(ReduceOnPlateauTest, StopsAtTheLeastLearningRate) {
  const ReduceOnPlateauConfig config{.factor = 0.1, .patience = 1, .min_learning_rate = 0.03};
  Callbacks callbacks(config, {}, 0.1);
  Feed(callbacks, "val_loss", {1, 1});
  EXPECT_EQ(callbacks.learning_rate(), 0.03);
  EXPECT_THAT(Feed(callbacks, "val_loss", {1, 1}, 2), IsEmpty());
}

TEST(CallbacksTest, GoOnFromASavedStateAsIfNeverStopped) {
  const ReduceOnPlateauConfig plateau{.factor = 0.5, .patience = 2, .cooldown = 2};
  const EarlyStoppingConfig stopping{.patience = 4};
  const std::vector<double> losses = {0.9, 0.8, 0.85, 0.84, 0.79, 0.8, 0.8, 0.8, 0.8};
  Callbacks whole(plateau, stopping, 0.1);
  const std::vector<std::string> expected = Feed(whole, "val_loss", losses);
  EXPECT_TRUE(whole.stopped());
  for (size_t cut = 0; cut <= losses.size(); ++cut) {
    const auto middle = losses.begin() + static_cast<int64_t>(cut);
    Callbacks before(plateau, stopping, 0.1);
    std::vector<std::string> lines = Feed(before, "val_loss", {losses.begin(), middle});
    Callbacks after(plateau, stopping, 0.1);
    ASSERT_TRUE(after.Load(before.Save()).ok());
    for (const std::string& line :
         Feed(after, "val_loss", {middle, losses.end()}, static_cast<int64_t>(cut))) {
      lines.push_back(line);
    }
    EXPECT_EQ(lines, expected) << cut;
    EXPECT_EQ(after.learning_rate(), whole.learning_rate()) << cut;
    EXPECT_EQ(after.best_epoch(), whole.best_epoch()) << cut;
    EXPECT_EQ(after.Save(), whole.Save()) << cut;
  }
}

TEST(CallbacksTest, StateOfOtherCallbacksIsRefused) {
  const Callbacks plateau(ReduceOnPlateauConfig{}, {}, 0.1);
  Callbacks stopping({}, EarlyStoppingConfig{}, 0.1);
  Callbacks none({}, {}, 0.1);
  EXPECT_EQ(stopping.Load(plateau.Save()).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(none.Load(plateau.Save()).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(stopping.Load({{"early_stopping", "\xff\xff"}}).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(none.Load({}).ok());
}

}  // namespace
}  // namespace convoy::train
