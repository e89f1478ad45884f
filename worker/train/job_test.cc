#include "worker/train/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/train/job_testing.h"

namespace convoy::train {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace convoy::train
