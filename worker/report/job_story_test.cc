#include "worker/report/job_story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace convoy::report {
namespace {

constexpr int64_t kStepsPerEpoch = 400;

JobFacts Facts(int64_t resumed_at_step = 0) {
  return {.world_size = 2,
          .threads = {1, 3},
          .hosts = {"pc1", "pc2"},
          .model_name = "notebook",
          .train_images = 51200,
          .epochs = 5,
          .steps_per_epoch = kStepsPerEpoch,
          .batch_size = 128,
          .restarts = resumed_at_step > 0 ? 1 : 0,
          .resumed_at_step = resumed_at_step};
}

EpochReport Epoch(int64_t epoch) {
  return {.epoch = epoch,
          .train_seconds = 2,
          .validation_seconds = 0.5,
          .train_images = 51200,
          .metrics = {{"loss", 1.0 / static_cast<double>(epoch + 1)}},
          .phases = {{.forward = 1.0 * static_cast<double>(epoch + 1)}, {.wait = 2}}};
}

int Count(const worker::v1::ReportProgressRequest& report, v1::MetricSample::Scope scope) {
  int count = 0;
  for (const v1::MetricSample& sample : report.samples()) count += sample.scope() == scope;
  return count;
}

class JobStoryTest : public ::testing::Test {
 protected:
  void RunEpoch(int64_t epoch) {
    story_.StartEpoch(epoch, 0);
    for (int64_t step = 1; step <= kStepsPerEpoch; ++step) {
      story_.Step({.epoch = epoch,
                   .step_in_epoch = step,
                   .global_step = epoch * kStepsPerEpoch + step,
                   .loss = 0.5});
    }
    story_.Epoch(Epoch(epoch));
  }

  // Tells all that is due, as the reporting thread does.
  worker::v1::ReportProgressRequest Tell() {
    const auto report = story_.DueReport(/*with_steps=*/true);
    EXPECT_TRUE(report.has_value());
    story_.Reported(*report);
    return *report;
  }

  JobStory story_{{.run_directory = "runs/lesson/",
                   .run_id = "id",
                   .process_id = "process",
                   .recipe = {},
                   .finished_epochs = {}}};
};

TEST_F(JobStoryTest, RegistersTheRunByItsDirectorysName) {
  story_.Start(Facts());
  const auto request = story_.Registration();
  EXPECT_EQ(request.run_name(), "lesson");
  EXPECT_EQ(request.steps_per_epoch(), kStepsPerEpoch);
  ASSERT_EQ(request.ranks_size(), 2);
  EXPECT_EQ(request.ranks(1).host(), "pc2");
  EXPECT_EQ(request.ranks(1).threads(), 3);
}

TEST_F(JobStoryTest, TellsEachThingOnce) {
  story_.Start(Facts());
  EXPECT_FALSE(story_.DueReport(true).has_value());
  RunEpoch(0);
  const auto first = Tell();
  EXPECT_EQ(Count(first, v1::MetricSample::EPOCH), 1);
  EXPECT_EQ(first.samples(first.samples_size() - 1).step(), kStepsPerEpoch);
  EXPECT_EQ(first.ranks_size(), 2);
  EXPECT_EQ(first.progress().activity(), v1::Job::BETWEEN_EPOCHS);
  EXPECT_FALSE(story_.DueReport(true).has_value());
  RunEpoch(1);
  const auto second = Tell();
  EXPECT_EQ(Count(second, v1::MetricSample::EPOCH), 1);
  EXPECT_DOUBLE_EQ(second.ranks(0).phase_seconds().forward(), 2);
  EXPECT_DOUBLE_EQ(second.ranks(0).epoch_phase_seconds().forward(), 1);
  EXPECT_DOUBLE_EQ(second.ranks(1).epoch_phase_seconds().wait(), 0);
}

TEST_F(JobStoryTest, StepsAreThinnedEvenlyAndWaitForTheirTime) {
  story_.Start(Facts());
  for (int64_t epoch = 0; epoch < 5; ++epoch) RunEpoch(epoch);
  const auto report = Tell();
  // 2000 steps: every fourth, as every second would be one too many.
  EXPECT_EQ(Count(report, v1::MetricSample::STEP), 500);
  EXPECT_EQ(report.samples(0).step(), 4);
  EXPECT_EQ(report.samples(1).step(), 8);
  JobStory waiting({.run_directory = "a"});
  waiting.Start(Facts());
  waiting.Step({.step_in_epoch = 4, .global_step = 4});
  EXPECT_FALSE(waiting.DueReport(/*with_steps=*/false).has_value());
  EXPECT_TRUE(waiting.DueReport(/*with_steps=*/true).has_value());
}

TEST_F(JobStoryTest, ACoordinatorThatForgotIsToldAllAgain) {
  story_.Start(Facts());
  for (int64_t epoch = 0; epoch < 3; ++epoch) RunEpoch(epoch);
  Tell();
  story_.ModelDone(*story_.due_model());
  story_.Registered(/*stored_epochs=*/1);
  const auto report = Tell();
  EXPECT_EQ(Count(report, v1::MetricSample::EPOCH), 2);
  EXPECT_EQ(Count(report, v1::MetricSample::STEP), 300);
  EXPECT_EQ(story_.due_model()->completed_epochs, 3);
}

TEST_F(JobStoryTest, OnlyTheNewestModelIsDue) {
  story_.Start(Facts());
  RunEpoch(0);
  const DueModel first = *story_.due_model();
  EXPECT_EQ(first.step, kStepsPerEpoch);
  RunEpoch(1);
  story_.ModelDone(first);  // published meanwhile
  EXPECT_EQ(story_.due_model()->completed_epochs, 2);
  story_.ModelDone(*story_.due_model());
  EXPECT_FALSE(story_.due_model().has_value());
}

TEST_F(JobStoryTest, TheEndIsToldAfterTheModel) {
  story_.Start(Facts());
  for (int64_t epoch = 0; epoch < 5; ++epoch) RunEpoch(epoch);
  story_.Succeed({.test_loss = 0.1, .test_accuracy = 0.99, .weights_sha256 = "sha"});
  EXPECT_FALSE(Tell().has_conclusion());
  EXPECT_FALSE(story_.complete());
  ASSERT_TRUE(story_.due_model()->final);
  story_.ModelDone(*story_.due_model());
  const auto end = Tell();
  EXPECT_EQ(end.conclusion().state(), v1::Job::SUCCEEDED);
  EXPECT_EQ(end.conclusion().weights_sha256(), "sha");
  EXPECT_EQ(Count(end, v1::MetricSample::FINAL), 1);
  EXPECT_TRUE(story_.complete());
}

TEST_F(JobStoryTest, AResumedRunBringsItsEpochs) {
  JobStory resumed({.run_directory = "a", .finished_epochs = {{{"loss", 0.5}}, {{"loss", 0.25}}}});
  resumed.Start(Facts(2 * kStepsPerEpoch + 7));
  EXPECT_EQ(resumed.Registration().completed_epochs(), 2);
  EXPECT_EQ(resumed.Registration().resumed_at_step(), 2 * kStepsPerEpoch + 7);
  resumed.Registered(0);
  const auto report = resumed.DueReport(false);
  ASSERT_TRUE(report.has_value());
  ASSERT_EQ(report->samples_size(), 2);
  EXPECT_EQ(report->samples(1).step(), 2 * kStepsPerEpoch);
  EXPECT_EQ(report->samples(1).metrics(0).value(), 0.25);
}

TEST_F(JobStoryTest, AnyBytesOfTheSystemBecomeAValidMessage) {
  JobStory story({.run_directory = "runs/caf\xe9"});
  story.Start(Facts());
  EXPECT_EQ(story.Registration().run_name(), "caf\xef\xbf\xbd");  // U+FFFD
  story.Fail("\xff: no such file");
  EXPECT_EQ(story.DueReport(false)->conclusion().error(), "\\xff: no such file");
}

TEST_F(JobStoryTest, CancelledAndFailedAreTold) {
  story_.Start(Facts());
  story_.Stop(/*cancelled=*/true);
  EXPECT_EQ(Tell().conclusion().state(), v1::Job::CANCELLED);
  JobStory failed({.run_directory = "a"});
  EXPECT_FALSE(failed.started());
  failed.Start(Facts());
  failed.Fail("loss is not finite");
  EXPECT_EQ(failed.DueReport(false)->conclusion().error(), "loss is not finite");
}

TEST_F(JobStoryTest, AModelThatIsPutOffKeepsNobodyFromTheEnd) {
  story_.Start(Facts());
  RunEpoch(0);
  Tell();
  story_.Succeed({.test_loss = 0.1, .test_accuracy = 0.9, .weights_sha256 = "abc"});
  const DueModel model = *story_.due_model();
  EXPECT_FALSE(story_.DueReport(/*with_steps=*/true).has_value());  // the model comes first
  story_.PutOff(model);
  EXPECT_TRUE(Tell().has_conclusion());
  EXPECT_TRUE(story_.concluded());
  EXPECT_FALSE(story_.complete());
  EXPECT_TRUE(story_.due_model().has_value());
  story_.ModelDone(model);
  EXPECT_TRUE(story_.complete());
}

TEST_F(JobStoryTest, SpeedsThatAreNotFiniteAreUnknown) {
  story_.Start(Facts());
  story_.Step({.step_in_epoch = 1,
               .global_step = 2,
               .images_per_second = std::numeric_limits<double>::infinity()});
  EXPECT_EQ(story_.progress().images_per_second(), 0);
}

}  // namespace
}  // namespace convoy::report
