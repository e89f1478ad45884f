#include "worker/train/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/formats/checkpoint_store.h"
#include "common/kernels/blas/gemm.h"
#include "common/run/run_files.h"
#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/train/job_testing.h"
#include "worker/train/trainer.h"

namespace convoy::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class JobTest : public ::testing::Test {
 protected:
  JobTest() : data_(WriteTestData("convoy_job_test_" + std::to_string(getpid()))) {}
  ~JobTest() override { std::filesystem::remove_all(data_); }

  const std::string data_;
};

TEST_F(JobTest, EveryRankGetsWhatRankZeroFinds) {
  testing::RunRanks(3, [&](comm::Communicator& comm) {
    // Only rank 0 asks for the right things: the others must not look.
    JobRequest request;
    if (comm.rank() == 0) {
      request = {.asked = TestRecipe("epochs: 7"), .data = data_};
    }
    const absl::StatusOr<Job> job = PrepareJob(comm, request);
    ASSERT_TRUE(job.ok()) << job.status();
    EXPECT_EQ(job->recipe_proto.SerializeAsString(), TestRecipe("epochs: 7").SerializeAsString());
    EXPECT_EQ(job->recipe.epochs, 7);
    EXPECT_EQ(job->data_kind, "idx");
    EXPECT_THAT(job->data_where, HasSubstr(data_));
    EXPECT_EQ(job->data_sha256.size(), 64u);
    EXPECT_FALSE(job->finished_before);
    EXPECT_FALSE(job->checkpoint.has_value());
    EXPECT_EQ(job->train.count, 56);  // 0.2 of 70 are held out
    EXPECT_EQ(job->validation.count, 14);
    EXPECT_EQ(job->test.count, 20);
    const Job expected = TestJob(TestRecipe());
    EXPECT_TRUE(std::equal(expected.test.pixels,
                           expected.test.pixels + 20 * expected.test.image_bytes(),
                           job->test.pixels));
    EXPECT_TRUE(std::equal(expected.train.labels, expected.train.labels + 53, job->train.labels));
    EXPECT_TRUE(comm.Barrier().ok());
  });
}

TEST_F(JobTest, ErrorOfRankZeroIsThatOfAll) {
  testing::RunRanks(2, [&](comm::Communicator& comm) {
    const absl::StatusOr<Job> job =
        PrepareJob(comm, {.asked = TestRecipe(), .data = data_ + "/nowhere"});
    EXPECT_FALSE(job.ok());
    EXPECT_THAT(std::string(job.status().message()), HasSubstr("nowhere"));
  });
}

TEST_F(JobTest, NetworkOfAnotherSizeIsRefused) {
  v1::Recipe recipe = TestRecipe();
  recipe.mutable_model()->mutable_input()->set_width(7);
  testing::RunRanks(2, [&](comm::Communicator& comm) {
    const absl::StatusOr<Job> job = PrepareJob(comm, {.asked = recipe, .data = data_});
    EXPECT_EQ(job.status().code(), absl::StatusCode::kInvalidArgument) << job.status();
  });
}

TEST_F(JobTest, ResumeWithAnotherOpenBlasIsNoted) {
  const JobRequest request{
      .asked = TestRecipe(), .data = data_, .run_dir = data_ + "/run", .resume = true};
  const std::string checkpoints = run::PathIn(request.run_dir, run::kCheckpoints);
  testing::RunRanks(1, [&](comm::Communicator& comm) {
    const Job job = PrepareJob(comm, request).value();
    auto store = formats::CheckpointStore::Open(checkpoints, /*keep_last=*/1).value();
    ASSERT_TRUE(Trainer::Create(comm, job, {.store = &store}).value()->Run().ok());
    EXPECT_THAT(PrepareJob(comm, request).value().notes, IsEmpty());
    std::vector<std::string> skipped;
    auto checkpoint = formats::LoadLatestCheckpoint(checkpoints, &skipped).value().value();
    EXPECT_EQ(checkpoint.run.blas_config, kernels::BlasConfig());
    checkpoint.run.blas_config = "OpenBLAS 0.1";
    ASSERT_TRUE(store.Save(checkpoint).ok());
    EXPECT_THAT(
        PrepareJob(comm, request).value().notes,
        ElementsAre(::testing::Field(&i18n::Message::english, HasSubstr("'OpenBLAS 0.1'"))));
  });
}

}  // namespace
}  // namespace convoy::train
