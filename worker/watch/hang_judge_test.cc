#include "worker/watch/hang_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// Two ranks in the middle of step 158, seen by rank 0 a number of seconds after the start.
class HangJudgeTest : public ::testing::Test {
 protected:
  HangJudgeTest() {
    for (RankState& state : states_) {
      state = {.pulse = 1,
               .collectives = 40,
               .first_collective = 40,
               .step = 158,
               .phase = Phase::kStep};
    }
  }

  // Rank 0 comes to the exchange.
  void ComeToTheExchange(RankState& state) {
    ++state.collectives;
    state.waiting = 1;
  }

  // Looks four times a second from now on; the pulses of `alive` go on.
  void Pass(SteadyDuration time, std::initializer_list<int> alive) {
    for (const SteadyTime end = now_ + time; now_ < end; now_ += milliseconds(250)) {
      for (const int rank : alive) ++states_[static_cast<size_t>(rank)].pulse;
      judge_->Look(states_, now_);
    }
  }

  std::optional<HangJudge> judge_{std::in_place, 0, std::vector<std::string>{"pc01", "pc03"},
                                  seconds(30)};
  std::vector<RankState> states_{2};
  SteadyTime now_{seconds(1000)};
  PhaseLengths lengths_{.step = milliseconds(10)};
};

TEST_F(HangJudgeTest, NamesARankThatDoesNotComeAndSaysWhereItIs) {
  ComeToTheExchange(states_[0]);
  Pass(seconds(29), {0, 1});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  Pass(seconds(3), {0, 1});
  const auto hang = judge_->Judge(lengths_, false);
  ASSERT_TRUE(hang);
  EXPECT_EQ(hang->rank, 1);
  EXPECT_EQ(hang->speaker, 0);
  EXPECT_EQ(hang->message.english,
            "rank 1 on pc03 has not come to step 158: in forward and backward since 31 s");
}

TEST_F(HangJudgeTest, SlowStepsGetTwentyTimesTheirLength) {
  lengths_.step = seconds(10);
  ComeToTheExchange(states_[0]);
  Pass(seconds(199), {0, 1});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  Pass(seconds(3), {0, 1});
  EXPECT_TRUE(judge_->Judge(lengths_, false));
}

TEST_F(HangJudgeTest, ProcessThatDoesNotRunIsNamedSoonInEveryPhase) {
  for (const Phase phase : {Phase::kStart, Phase::kStep, Phase::kValidation, Phase::kCheckpoint,
                            Phase::kTest, Phase::kEnd}) {
    judge_.emplace(0, std::vector<std::string>{"pc01", "pc03"}, seconds(30));
    states_[0].phase = states_[1].phase = phase;
    states_[0].waiting = 0;
    ComeToTheExchange(states_[0]);
    Pass(seconds(1), {0, 1});
    Pass(seconds(29), {0});
    EXPECT_FALSE(judge_->Judge({}, false));
    Pass(seconds(3), {0});
    const auto hang = judge_->Judge({}, false);
    ASSERT_TRUE(hang) << MeetingOf(states_[0]).english;
    EXPECT_THAT(hang->message.english, HasSubstr("its process does not run"));
  }
}

TEST_F(HangJudgeTest, StopsInTheSameCollectiveAreNamedToo) {
  for (RankState& state : states_) ComeToTheExchange(state);
  Pass(seconds(1), {0, 1});
  Pass(seconds(32), {0});
  const auto hang = judge_->Judge(lengths_, false);
  ASSERT_TRUE(hang);
  EXPECT_EQ(hang->rank, 1);
}

TEST_F(HangJudgeTest, UnmeasuredPhasesHaveMorePatience) {
  states_[0].phase = states_[1].phase = Phase::kStart;
  ComeToTheExchange(states_[0]);
  Pass(seconds(590), {0, 1});
  EXPECT_FALSE(judge_->Judge({}, false));
  Pass(seconds(20), {0, 1});
  EXPECT_TRUE(judge_->Judge({}, false));
}

TEST_F(HangJudgeTest, WhoeverWantsToStopWaitsTenSeconds) {
  ComeToTheExchange(states_[0]);
  Pass(seconds(1), {0, 1});
  Pass(seconds(11), {0});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  EXPECT_TRUE(judge_->Judge(lengths_, true));
}

TEST_F(HangJudgeTest, RankThatMovesOrHasGoneIsLeftAlone) {
  ComeToTheExchange(states_[0]);
  for (int i = 0; i < 10; ++i) {
    Pass(seconds(20), {0, 1});
    states_[0].collectives += 2;
    ++states_[1].collectives;
  }
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  states_[1].phase = Phase::kGone;
  Pass(seconds(29), {0});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
}

TEST_F(HangJudgeTest, AfterItsOwnStopItBeginsToMeasureAnew) {
  ComeToTheExchange(states_[0]);
  Pass(seconds(1), {0, 1});
  now_ += seconds(3600);
  Pass(seconds(1), {0, 1});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
}

TEST_F(HangJudgeTest, AllWaitingIsTheNetwork) {
  for (RankState& state : states_) ComeToTheExchange(state);
  Pass(seconds(59), {0, 1});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  Pass(seconds(3), {0, 1});
  const auto hang = judge_->Judge(lengths_, false);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->message.english, HasSubstr("the network or MPI is stuck"));
}

TEST_F(HangJudgeTest, RankAloneNamesItself) {
  Pass(seconds(59), {0, 1});
  EXPECT_FALSE(judge_->Judge(lengths_, false));
  Pass(seconds(3), {0, 1});
  const auto hang = judge_->Judge(lengths_, false);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->message.english, HasSubstr("rank 0 on pc01 does not get on in step 158"));
}

TEST_F(HangJudgeTest, RankThatWasNeverHeardIsSaidToBe) {
  states_[1] = {};
  ComeToTheExchange(states_[0]);
  Pass(seconds(32), {0});
  const auto hang = judge_->Judge(lengths_, false);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->message.english, HasSubstr("rank 1 on pc03"));
  EXPECT_THAT(hang->message.english, HasSubstr("nothing was ever heard"));
}

TEST(HangJudgeSpeakerTest, LowestRankThatRunsSpeaks) {
  HangJudge judge(2, {"a", "b", "c"}, seconds(30));
  std::vector<RankState> states(3);
  SteadyTime now{seconds(1000)};
  for (RankState& state : states) state = {.pulse = 1, .collectives = 1, .waiting = 1};
  const auto pass = [&](SteadyDuration time, std::initializer_list<size_t> alive) {
    for (const SteadyTime end = now + time; now < end; now += milliseconds(250)) {
      for (const size_t rank : alive) ++states[rank].pulse;
      judge.Look(states, now);
    }
  };
  pass(seconds(1), {0, 1, 2});
  pass(seconds(32), {1, 2});
  const auto hang = judge.Judge({}, false);
  ASSERT_TRUE(hang);
  EXPECT_EQ(hang->rank, 0);
  EXPECT_EQ(hang->speaker, 1);
}

}  // namespace
}  // namespace convoy::watch
