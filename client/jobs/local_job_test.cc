#include "client/jobs/local_job.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

// What a trainer writes after the first of two epochs.
constexpr char kSummary[] = R"({"schema_version": 1, "state": "running", "error": null,
  "world_size": 2, "threads": [1, 3], "hosts": ["pc1"], "data": "mnist", "model": "notebook",
  "train_images": 100, "validation_images": 20, "test_images": 10, "epochs": 2, "steps": 4,
  "batch_size": 32, "parameters": 225034, "restarts": 1, "train_seconds": 6.0,
  "train_images_per_second": 16.5, "test_accuracy": null, "weights_sha256": null,
  "phase_seconds": [{"data": 0.5, "wait": 1.5}, {"data": 0.25, "wait": 0.125}]})";

class LocalJobTest : public ::testing::Test {
 protected:
  LocalJobTest() : run_(::testing::TempDir() + "convoy_local_job") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_);
    Write("summary.json", kSummary);
    Write("history.json", R"({"loss": [0.5], "val_accuracy": [0.875]})");
    Write(".lock", "");
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(run_ + "/" + name) << text;
  }

  std::string run_;
};

TEST_F(LocalJobTest, MovesWithinAnEpochWithTheProgressFile) {
  Write("progress.json", R"({"ranks": [{"step": 8}, {"step": 7}]})");
  EXPECT_EQ(NewLocalJob(run_)->Get()->step(), 6);
  EXPECT_EQ(NewLocalJob(run_)->Get()->progress_percentage(), 75);
  Write("progress.json", R"({"ranks": [{"step": 2}, {"step": 2}]})");  // older than the summary
  EXPECT_EQ(NewLocalJob(run_)->Get()->step(), 4);
}

TEST_F(LocalJobTest, RunDirectoryTellsTheWholeJob) {
  const int lock = ::open((run_ + "/.lock").c_str(), O_RDWR);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  const v1::Job job = NewLocalJob(run_)->Get().value();
  ::close(lock);
  EXPECT_EQ(job.name(), "convoy_local_job");
  EXPECT_EQ(job.state(), v1::Job::RUNNING);
  EXPECT_EQ(job.epoch(), 2);
  EXPECT_EQ(job.completed_epochs(), 1);
  EXPECT_EQ(job.steps_per_epoch(), 4);  // 100 images by 32
  EXPECT_EQ(job.total_steps(), 8);
  EXPECT_EQ(job.progress_percentage(), 50);
  EXPECT_EQ(job.estimated_remaining_duration().seconds(), 6);
  ASSERT_EQ(job.metrics_size(), 2);
  EXPECT_EQ(job.metrics(1).name(), "val_accuracy");
  ASSERT_EQ(job.ranks_size(), 2);
  EXPECT_EQ(job.ranks(1).host(), "pc1");
  EXPECT_EQ(job.ranks(1).threads(), 3);
  EXPECT_EQ(job.ranks(1).phase_seconds().wait(), 0.125);
  EXPECT_GT(job.update_time().seconds(), 0);
}

TEST_F(LocalJobTest, RunningWithoutATrainerIsLost) {
  EXPECT_EQ(NewLocalJob(run_)->Get()->state(), v1::Job::LOST);
}

TEST_F(LocalJobTest, EpochsAreTheHistorysNumbers) {
  const auto epochs = NewLocalJob(run_)->Epochs().value();
  ASSERT_EQ(epochs.size(), 1u);
  EXPECT_EQ(epochs[0].epoch(), 1);
  EXPECT_EQ(epochs[0].metrics(0).value(), 0.5);
}

TEST_F(LocalJobTest, RunThatHasJustBegunHasNoHistoryYet) {
  std::filesystem::remove(run_ + "/history.json");
  EXPECT_EQ(NewLocalJob(run_)->Get()->completed_epochs(), 0);
  EXPECT_EQ(NewLocalJob(run_)->Epochs()->size(), 0u);
}

TEST_F(LocalJobTest, UnknownStateIsAnErrorThatNamesTheFile) {
  Write("summary.json", R"({"state": "resting"})");
  const absl::Status status = NewLocalJob(run_)->Get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr(run_ + "/summary.json"));
}

TEST_F(LocalJobTest, WatchEndsWithTheJobAndLosesPatience) {
  int shown = 0;
  const auto show = [&shown](const v1::Job& job) { ++shown; };
  const auto trouble = [](const absl::Status& status) {};
  const absl::Status lost = NewLocalJob(run_)->Watch(absl::ZeroDuration(), show, trouble);
  EXPECT_EQ(lost.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(lost.message(), HasSubstr("--resume"));
  EXPECT_EQ(shown, 1);
  Write("summary.json", R"({"state": "succeeded", "epochs": 1})");
  EXPECT_TRUE(NewLocalJob(run_)->Watch(absl::ZeroDuration(), show, trouble).ok());
}

}  // namespace
}  // namespace convoy::client
