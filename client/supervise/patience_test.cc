#include "client/supervise/patience.h"

#include <gtest/gtest.h>

namespace convoy::client {
namespace {

TEST(PatienceTest, TrainerThatFailsTwiceAtTheSamePlaceIsGivenUp) {
  Patience patience(100);
  EXPECT_FALSE(patience.Fail(Cause::kTrainer, 4));
  EXPECT_TRUE(patience.Fail(Cause::kTrainer, 4));
}

TEST(PatienceTest, NewerCheckpointBeginsAnew) {
  Patience patience(100);
  for (const int checkpoint : {0, 4, 8, 9}) {
    EXPECT_FALSE(patience.Fail(Cause::kTrainer, checkpoint));
    EXPECT_EQ(patience.Pause().count(), 0);
  }
  EXPECT_EQ(patience.restarts(), 4);
}

// The newest may be damaged, and be written again by each start.
TEST(PatienceTest, OlderCheckpointIsNoNewOne) {
  Patience patience(100);
  EXPECT_FALSE(patience.Fail(Cause::kTrainer, 8));
  EXPECT_TRUE(patience.Fail(Cause::kTrainer, 4));
}

TEST(PatienceTest, FaultsFromOutsideMayPass) {
  Patience patience(100);
  EXPECT_FALSE(patience.Fail(Cause::kOutside, 4));
  EXPECT_FALSE(patience.Fail(Cause::kTrainer, 4));
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(patience.Fail(Cause::kOutside, 4));
  EXPECT_TRUE(patience.Fail(Cause::kOutside, 4));
}

TEST(PatienceTest, PausesGrowUpToAMinute) {
  Patience patience(100);
  std::vector<int64_t> pauses;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(patience.Fail(Cause::kOutside, 0));
    pauses.push_back(patience.Pause().count());
  }
  EXPECT_EQ(pauses,
            (std::vector<int64_t>{0, 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}));
}

TEST(PatienceTest, InputAndWhatIsComputedAreNotTriedAgain) {
  EXPECT_TRUE(Patience(100).Fail(Cause::kInput, 0));
  EXPECT_TRUE(Patience(100).Fail(Cause::kComputed, 4));
}

TEST(PatienceTest, RestartsAreLimited) {
  Patience patience(1);
  EXPECT_FALSE(patience.Fail(Cause::kOutside, 4));
  EXPECT_TRUE(patience.Fail(Cause::kOutside, 8));
  EXPECT_TRUE(Patience(0).Fail(Cause::kOutside, 4));
}

}  // namespace
}  // namespace convoy::client
