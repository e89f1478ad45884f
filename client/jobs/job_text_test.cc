#include "client/jobs/job_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/jobs/job_testing.h"

namespace convoy::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(JobTextTest, TellsStateProgressMetricsAndSpeed) {
  EXPECT_THAT(
      JobText(SampleJob()),
      AllOf(StartsWith("first: running\n"), HasSubstr("epoch 2 of 4, step 15 of 40"),
            HasSubstr("37%  1:15 left"), HasSubstr("loss 0.2500, accuracy 91.25%"),
            HasSubstr("12,345 images/s on 2 ranks on pc1, pc2"),
            HasSubstr("notebook, 225,034 parameters"), HasSubstr("2026-11-23 03:00:00 UTC")));
}

TEST(JobTextTest, LeavesOutWhatIsNotKnown) {
  v1::Job job;
  job.set_name("jobs/new");
  job.set_state(v1::Job::RUNNING);
  EXPECT_THAT(JobText(job),
              AllOf(Not(HasSubstr("left")), Not(HasSubstr("network")), Not(HasSubstr("rank"))));
}

TEST(JobTextTest, ErrorsAndWarningsAreShown) {
  v1::Job job = SampleJob();
  job.set_state(v1::Job::FAILED);
  job.set_error("the loss is not a number");
  AddWarning("rank 1 on pc2 is slow", &job);
  EXPECT_THAT(JobText(job), AllOf(HasSubstr("the loss is not a number"),
                                  HasSubstr("2026-11-23 03:00:00 UTC  rank 1 on pc2 is slow")));
}

TEST(JobTextTest, TableHasALineAJob) {
  EXPECT_EQ(JobsTable({SampleJob()}),
            "job    state    network   epoch  done    loss  accuracy  val_accuracy  test_accuracy  "
            "time  heard of\n"
            "first  running  notebook    2/4   37%  0.2500    91.25%             -              -  "
            "   -  "
            "2026-11-23 03:00:00 UTC\n");
}

TEST(JobTextTest, HistoryCountsEpochsFromOne) {
  EXPECT_EQ(HistoryTable({{{"loss", 0.5}, {"accuracy", 0.75}}, {{"loss", 0.25}}}),
            "epoch    loss  accuracy\n"
            "    1  0.5000    0.7500\n"
            "    2  0.2500         -\n");
  EXPECT_EQ(HistoryTable({}), "no epoch is complete yet\n");
}

}  // namespace
}  // namespace convoy::client
