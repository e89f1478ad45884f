#include "common/api/job_progress.h"

#include <gtest/gtest.h>

namespace convoy::api {
namespace {

// Half of two epochs of 4 steps and 100 images.
v1::Job HalfDone(v1::Job::State state) {
  v1::Job job;
  job.set_state(state);
  job.set_epochs(2);
  job.set_epoch(2);
  job.set_completed_epochs(1);
  job.set_steps_per_epoch(4);
  job.set_step(4);
  job.set_images_per_second(50);
  job.mutable_setup()->set_train_image_count(100);
  return job;
}

TEST(JobProgressTest, StatesHaveTheSummarysWords) {
  EXPECT_EQ(StateName(v1::Job::SUCCEEDED), "succeeded");
  EXPECT_EQ(StateName(v1::Job::LOST), "lost");
  EXPECT_TRUE(IsTerminal(v1::Job::CANCELLED));
  EXPECT_FALSE(IsTerminal(v1::Job::LOST));
}

TEST(JobProgressTest, RemainingTimeIsStepsAndWhatComesBetweenEpochs) {
  v1::Job job = HalfDone(v1::Job::RUNNING);
  Derive(absl::Milliseconds(1500), &job);
  EXPECT_EQ(job.total_steps(), 8);
  EXPECT_EQ(job.progress_percentage(), 50);
  EXPECT_EQ(job.estimated_remaining_duration().seconds(), 3);  // 2 s of steps, 1.5 s of validation
  EXPECT_EQ(job.estimated_remaining_duration().nanos(), 500'000'000);
}

TEST(JobProgressTest, OnlyWhatSucceededIsDoneEarly) {
  v1::Job job = HalfDone(v1::Job::SUCCEEDED);
  Derive(absl::ZeroDuration(), &job);
  EXPECT_EQ(job.progress_percentage(), 100);
  EXPECT_FALSE(job.has_estimated_remaining_duration());
  job = HalfDone(v1::Job::STOPPED);
  Derive(absl::ZeroDuration(), &job);
  EXPECT_EQ(job.progress_percentage(), 50);
}

TEST(JobProgressTest, MetricIsReplacedByItsName) {
  v1::Job job;
  SetMetric("loss", 1, &job);
  SetMetric("accuracy", 0.5, &job);
  SetMetric("loss", 0.25, &job);
  ASSERT_EQ(job.metrics_size(), 2);
  EXPECT_EQ(job.metrics(0).value(), 0.25);
}

}  // namespace
}  // namespace convoy::api
