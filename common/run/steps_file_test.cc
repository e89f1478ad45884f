#include "common/run/steps_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace convoy::run {
namespace {

class StepsFileTest : public ::testing::Test {
 protected:
  StepsFileTest() : run_(::testing::TempDir() + "convoy_steps") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_);
  }

  std::string run_;
};

TEST_F(StepsFileTest, ReadsWhatWasWritten) {
  EXPECT_TRUE(ReadSteps(run_).empty());
  ASSERT_TRUE(BeginSteps(run_, 0).ok());
  EXPECT_TRUE(ReadSteps(run_).empty());
  ASSERT_TRUE(AppendSteps(run_, {{1, 0, 0.5, 0.25, 1000}, {2, 0, 1e-7, 1, 2000}}).ok());
  ASSERT_EQ(ReadSteps(run_).size(), 2u);
  EXPECT_EQ(ReadSteps(run_)[1].step, 2);
  EXPECT_EQ(ReadSteps(run_)[1].loss, 1e-7);
  EXPECT_EQ(ReadSteps(run_)[0].accuracy, 0.25);
}

TEST_F(StepsFileTest, RunThatGoesOnForgetsWhatCameAfterItsCheckpoint) {
  ASSERT_TRUE(BeginSteps(run_, 0).ok());
  ASSERT_TRUE(AppendSteps(run_, {{1, 0, 1, 0, 1}, {2, 0, 1, 0, 1}, {3, 0, 1, 0, 1}}).ok());
  ASSERT_TRUE(BeginSteps(run_, 2).ok());
  EXPECT_EQ(ReadSteps(run_).size(), 2u);
}

TEST_F(StepsFileTest, LastStepIsThatOfAllOfThem) {
  EXPECT_FALSE(LastStep(run_).has_value());
  ASSERT_TRUE(BeginSteps(run_, 0).ok());
  EXPECT_FALSE(LastStep(run_).has_value());
  for (int64_t step = 1; step <= 1000; ++step) {
    ASSERT_TRUE(AppendSteps(run_, {{step, 0, 1.0 / static_cast<double>(step), 0.5, 9}}).ok());
    EXPECT_EQ(LastStep(run_)->step, step);
  }
  EXPECT_EQ(LastStep(run_)->step, 1000);
  EXPECT_EQ(LastStep(run_)->loss, 0.001);
}

TEST_F(StepsFileTest, DamagedRowsAreLeftOut) {
  ASSERT_TRUE(BeginSteps(run_, 0).ok());
  ASSERT_TRUE(AppendSteps(run_, {{1, 0, 1, 0, 1}}).ok());
  std::ofstream(run_ + "/steps.csv", std::ios::app) << "x,y\r\n3,0,1,0,1\r\n4,0,0.12";
  ASSERT_EQ(ReadSteps(run_).size(), 2u);
  EXPECT_EQ(ReadSteps(run_)[1].step, 3);
}

}  // namespace
}  // namespace convoy::run
