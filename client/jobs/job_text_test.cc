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
      JobText(SampleJob(), 0),
      AllOf(StartsWith("first: running\n"), HasSubstr("epoch 2 of 4, step 15 of 40"),
            HasSubstr("37%  1:15 left"), HasSubstr("loss 0.2500, accuracy 91.25%"),
            HasSubstr("12,345 images/s on 2 ranks on pc1, pc2"),
            HasSubstr("notebook, 225,034 parameters"), HasSubstr("2026-11-23 03:00:00 UTC")));
}

TEST(JobTextTest, LeavesOutWhatIsNotKnown) {
  v1::Job job;
  job.set_name("jobs/new");
  job.set_state(v1::Job::RUNNING);
  EXPECT_THAT(JobText(job, 0),
              AllOf(Not(HasSubstr("left")), Not(HasSubstr("network")), Not(HasSubstr("rank"))));
}

TEST(JobTextTest, ErrorsAndWarningsAreShown) {
  v1::Job job = SampleJob();
  job.set_state(v1::Job::FAILED);
  job.set_error("the loss is not a number");
  AddWarning("rank 1 on pc2 is slow", &job);
  EXPECT_THAT(JobText(job, 0), AllOf(HasSubstr("the loss is not a number"),
                                     HasSubstr("2026-11-23 03:00:00 UTC  rank 1 on pc2 is slow")));
}

TEST(JobTextTest, ALostJobSaysHowItGoesOn) {
  v1::Job job = SampleJob();
  job.mutable_setup()->set_run_directory("pc1:/data/runs/first");
  EXPECT_THAT(JobText(job, 0), Not(HasSubstr("--resume")));
  job.set_state(v1::Job::LOST);
  EXPECT_THAT(JobText(job, 0), HasSubstr("trainer --run-dir /data/runs/first --resume (on pc1,"));
}

TEST(JobTextTest, TableHasALineAJob) {
  EXPECT_EQ(JobsTable({SampleJob()}, 0),
            "job    state    network   epoch  done    loss  accuracy  val_accuracy  test_accuracy  "
            "time  heard of\n"
            "first  running  notebook    2/4   37%  0.2500    91.25%             -              -  "
            "   -  "
            "2026-11-23 03:00:00 UTC\n");
}

TEST(JobTextTest, LabelsAreShownAsFarAsThereAreAny) {
  v1::Job job = SampleJob();
  EXPECT_THAT(JobText(job, 0), Not(HasSubstr("tags")));
  EXPECT_EQ(LabelsText(job), "first: has no name, tags or note\n");
  job.mutable_labels()->set_display_name(
      "wide \u202ekernels");  // as only a coordinator may send it
  job.mutable_labels()->add_tags("lab3");
  job.mutable_labels()->add_tags("été");
  job.mutable_labels()->set_note("too few epochs");
  EXPECT_EQ(LabelsText(job),
            "first:\n  name      wide \\u202ekernels\n  tags      lab3, été\n"
            "  note      too few epochs\n");
  EXPECT_THAT(JobText(job, 0), HasSubstr("  tags      lab3, été\n"));
  const std::string table = JobsTable({SampleJob(), job}, 0);
  EXPECT_THAT(table, StartsWith("job    name                 tags       state "));
  EXPECT_THAT(table, HasSubstr("lab3, été  running"));
}

// A trainer may tell its coordinator anything, and a run directory may come from anybody.
TEST(JobTextTest, NothingThatIsToldReachesTheTerminalRaw) {
  v1::Job job = SampleJob();
  job.mutable_setup()->set_network("note\x1b[2Jbook");
  job.mutable_setup()->set_owner("ann\nstate: succeeded");
  job.mutable_setup()->set_run_directory("pc1:/\u202etmp");
  job.set_error("bad\x07");
  job.mutable_ranks(0)->set_host("pc\r1");
  AddWarning("rank\x1b[1m 1", &job);
  for (const std::string& text :
       {JobText(job, 0), JobsTable({job, SampleJob()}, 0), JobsTable({job, SampleJob()}, 20)}) {
    EXPECT_EQ(text.find_first_of("\x1b\x07\r"), std::string::npos) << text;
    EXPECT_THAT(text, AllOf(Not(HasSubstr("\u202e")), Not(HasSubstr("\nstate: succeeded"))));
  }
}

TEST(JobTextTest, OwnersAreShownWhereTheyAreSeveral) {
  v1::Job ann = SampleJob();
  ann.mutable_setup()->set_owner("ann@pc1");
  EXPECT_THAT(JobsTable({ann, ann}, 0), Not(HasSubstr("ann@pc1")));
  EXPECT_THAT(JobsTable({ann, SampleJob()}, 0), HasSubstr("ann@pc1"));
}

TEST(JobTextTest, TableBecomesAListWhereItDoesNotFit) {
  const std::string list = JobsTable({SampleJob()}, 30);
  EXPECT_THAT(list, StartsWith("job first\n  state         running\n"));
  EXPECT_THAT(list, AllOf(HasSubstr("  accuracy      91.25%\n"), Not(HasSubstr("val_accuracy"))));
}

TEST(JobTextTest, HistoryCountsEpochsFromOne) {
  EXPECT_EQ(HistoryTable({{{"loss", 0.5}, {"accuracy", 0.75}}, {{"loss", 0.25}}}, 0),
            "epoch    loss  accuracy\n"
            "    1  0.5000    0.7500\n"
            "    2  0.2500         -\n");
  EXPECT_EQ(HistoryTable({}, 0), "no epoch is complete yet\n");
}

}  // namespace
}  // namespace convoy::client
