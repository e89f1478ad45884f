#include "common/api/job_description.h"

#include <gtest/gtest.h>

#include "common/base/cpus.h"

namespace convoy::api {
namespace {

run::Summary Running() {
  run::Summary summary;
  summary.facts = {.world_size = 2,
                   .threads = {1, 3},
                   .hosts = {"pc1", "pc2"},
                   .train_images = 100,
                   .epochs = 2,
                   .steps_per_epoch = 4};
  summary.epoch = 2;
  summary.steps = 6;
  summary.loss = 0.25;
  summary.images_per_second = 50;
  return summary;
}

const metrics::History kHistory = {{{"loss", 0.5}, {"val_loss", 0.75}}};

TEST(JobDescriptionTest, RunningWithoutATrainerIsLost) {
  EXPECT_EQ(ToJob(Running(), kHistory, "runs/a", true).state(), v1::Job::RUNNING);
  EXPECT_EQ(ToJob(Running(), kHistory, "runs/a", false).state(), v1::Job::LOST);
}

TEST(JobDescriptionTest, ProgressAndNewestMetrics) {
  const v1::Job job = ToJob(Running(), kHistory, "runs/a", true);
  EXPECT_EQ(job.name(), "a");
  EXPECT_EQ(job.epoch(), 2);
  EXPECT_EQ(job.completed_epochs(), 1);
  EXPECT_EQ(job.progress_percentage(), 75);
  EXPECT_EQ(job.estimated_remaining_duration().seconds(), 1);
  ASSERT_EQ(job.metrics_size(), 2);
  EXPECT_EQ(job.metrics(0).value(), 0.25);  // of the epoch in progress
  EXPECT_EQ(job.metrics(1).value(), 0.75);
}

TEST(JobDescriptionTest, RanksAreKnownBeforeTheirSeconds) {
  run::Summary summary = Running();
  EXPECT_EQ(ToJob(summary, {}, "runs/a", true).ranks_size(), 2);
  summary.phase_seconds = {{}, {.wait = 0.125}};
  const v1::Job job = ToJob(summary, {}, "runs/a", true);
  EXPECT_EQ(job.ranks(1).host(), "pc2");
  EXPECT_EQ(job.ranks(1).threads(), 3);
  EXPECT_EQ(job.ranks(1).phase_seconds().wait(), 0.125);
}

TEST(JobDescriptionTest, EarlyEndIsTheEnd) {
  run::Summary summary = Running();
  summary.state = run::RunState::kSucceeded;
  EXPECT_EQ(ToJob(summary, kHistory, "runs/a", false).progress_percentage(), 100);
}

TEST(JobDescriptionTest, RunDirectoryHasItsHostAndNoWrongBytes) {
  EXPECT_EQ(RunDirectoryName("/x/runs/a/"), HostName() + ":/x/runs/a");
  EXPECT_EQ(RunDirectoryName("/x/a\xff"), HostName() + ":/x/a\uFFFD");
}

TEST(JobDescriptionTest, PhasesKeepTheirNames) {
  metrics::PhaseSeconds seconds;
  double value = 1;
  for (const metrics::Phase& phase : metrics::kPhases) seconds.*phase.seconds = value *= 2;
  const metrics::PhaseSeconds back = FromProto(ToProto(seconds));
  for (const metrics::Phase& phase : metrics::kPhases) {
    EXPECT_EQ(back.*phase.seconds, seconds.*phase.seconds) << phase.name;
  }
}

}  // namespace
}  // namespace convoy::api
