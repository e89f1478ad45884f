#include "coordinator/jobs/job_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "coordinator/jobs/job_registry_testing.h"

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(JobRegistryTest, TellsWhereAJobStands) {
  const auto registered = registry_->Register(Registration());
  ASSERT_TRUE(registered.ok()) << registered.status();
  EXPECT_EQ(registered->job(), "jobs/lesson");
  ASSERT_TRUE(registry_->Report(EpochReport(1)).ok());
  ASSERT_TRUE(registry_->Heartbeat(Beat(150)).ok());
  const v1::Job job = Job();
  EXPECT_EQ(job.state(), v1::Job::RUNNING);
  EXPECT_EQ(job.epoch(), 2);
  EXPECT_EQ(job.completed_epochs(), 1);
  EXPECT_EQ(job.step(), 150);
  EXPECT_EQ(job.total_steps(), 300);
  EXPECT_EQ(job.progress_percentage(), 50);
  EXPECT_EQ(job.estimated_remaining_duration().seconds(), 15);  // 1.5 epochs of 12800 at 1280/s
  EXPECT_EQ(job.world_size(), 3);
  EXPECT_EQ(job.ranks_size(), 3);
}

TEST_F(JobRegistryTest, WhatWasReportedSurvivesARestart) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(1)).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(2)).ok());
  Restart();
  EXPECT_EQ(Job().step(), 200);
  EXPECT_EQ(Job().state(), v1::Job::RUNNING);
  EXPECT_TRUE(registry_->Heartbeat(Beat(210)).ok());
  EXPECT_EQ(registry_->Register(Registration())->stored_epochs(), 2);
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED));
}

TEST_F(JobRegistryTest, RepeatedReportsChangeNothing) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  for (int repeat = 0; repeat < 2; ++repeat) {
    ASSERT_TRUE(registry_->Register(Registration()).ok());
    ASSERT_TRUE(registry_->Report(EpochReport(1)).ok());
    ASSERT_TRUE(registry_->Report(End(v1::Job::SUCCEEDED)).ok());
  }
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED, v1::Event::SUCCEEDED));
  EXPECT_EQ(Job().state(), v1::Job::SUCCEEDED);
}

TEST_F(JobRegistryTest, ResumedRunIsTheSameJobFromItsCheckpoint) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(1)).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(2)).ok());
  auto again = Registration(kSecond);
  again.set_restarts(1);
  again.set_resumed_at_step(120);
  again.set_completed_epochs(1);
  const auto registered = registry_->Register(again);
  EXPECT_EQ(registered->job(), "jobs/lesson");
  EXPECT_EQ(registered->stored_epochs(), 1);
  EXPECT_EQ(Job().step(), 120);
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED, v1::Event::RESUMED));
  EXPECT_EQ(registry_->Heartbeat(Beat(10)).status().code(),
            absl::StatusCode::kFailedPrecondition);  // the first process
}

v1::JobLabels Labels(const std::string& name, int64_t seconds) {
  v1::JobLabels labels;
  labels.set_display_name(name);
  labels.mutable_update_time()->set_seconds(seconds);
  return labels;
}

v1::UpdateJobRequest Change(const std::vector<std::string>& paths) {
  v1::UpdateJobRequest request;
  v1::JobLabels* labels = request.mutable_job()->mutable_labels();
  labels->set_display_name("by hand");
  labels->set_note("too few epochs");
  labels->add_tags("lab3");
  for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

TEST_F(JobRegistryTest, TheLatestLabelsCountWhoeverGivesThem) {
  auto request = Registration();
  *request.mutable_labels() = Labels("first", 1'700'000'100);  // its clock is ahead of ours
  ASSERT_TRUE(registry_->Register(request).ok());
  EXPECT_EQ(Job().labels().display_name(), "first");
  ASSERT_TRUE(registry_->Update("lesson", Change({"labels.display_name"})).ok());
  EXPECT_EQ(Job().labels().display_name(), "by hand");
  ASSERT_TRUE(registry_->Register(request).ok());  // told again: no news
  EXPECT_EQ(Job().labels().display_name(), "by hand");
  Restart();
  EXPECT_EQ(Job().labels().display_name(), "by hand");
  *request.mutable_labels() = Labels("renamed", 1'700'000'200);
  ASSERT_TRUE(registry_->Register(request).ok());
  EXPECT_EQ(Job().labels().display_name(), "renamed");
  request.clear_labels();  // as a trainer of an earlier version
  ASSERT_TRUE(registry_->Register(request).ok());
  EXPECT_EQ(Job().labels().display_name(), "renamed");
}

TEST_F(JobRegistryTest, OnlyWhatTheMaskNamesIsChanged) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Update("lesson", Change({"labels.tags", "labels.note"})).ok());
  EXPECT_EQ(Job().labels().display_name(), "");
  EXPECT_THAT(Job().labels().tags(), ElementsAre("lab3"));
  ASSERT_TRUE(registry_->Update("lesson", Change({})).ok());
  EXPECT_EQ(Job().labels().display_name(), "by hand");
  EXPECT_EQ(registry_->List({})->jobs(0).labels().note(), "too few epochs");
  auto clear = Change({"labels"});
  clear.mutable_job()->clear_labels();
  EXPECT_EQ(registry_->Update("lesson", clear)->labels().tags_size(), 0);
  for (const char* path : {"state", "labels.update_time", "labels.", "\x1b"}) {
    const absl::Status refused = registry_->Update("lesson", Change({path})).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(std::string(refused.message()), testing::StartsWith("update_mask: "));
  }
  auto large = Change({});
  large.mutable_job()->mutable_labels()->set_note(std::string(1001, 'n'));
  EXPECT_EQ(registry_->Update("lesson", large).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(registry_->Update("other", Change({})).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(JobRegistryTest, AnotherRunOfTheSameNameIsAnotherJob) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  auto other = Registration(kSecond);
  other.set_run_id(kSecond);
  EXPECT_EQ(registry_->Register(other)->job(), "jobs/lesson-2");
}

TEST_F(JobRegistryTest, SilentTrainersAreLostAndFound) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  Pass(absl::Seconds(9));
  EXPECT_EQ(Job().state(), v1::Job::RUNNING);
  Pass(absl::Seconds(2));
  EXPECT_EQ(Job().state(), v1::Job::LOST);
  EXPECT_TRUE(Job().has_end_time());
  Restart();
  ASSERT_TRUE(registry_->Heartbeat(Beat(5)).ok());
  EXPECT_EQ(Job().state(), v1::Job::RUNNING);
  EXPECT_FALSE(Job().has_end_time());
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED, v1::Event::LOST, v1::Event::FOUND));
}

TEST_F(JobRegistryTest, ATrainerThatSendsALargeModelIsNotLost) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  worker::v1::ModelHeader header;
  header.set_job("jobs/lesson");
  header.set_process_id(kFirst);
  for (int seconds = 0; seconds < 30; seconds += 6) {
    registry_->NoteAlive(header);
    Pass(absl::Seconds(6));
  }
  EXPECT_EQ(Job().state(), v1::Job::RUNNING);
}

TEST_F(JobRegistryTest, OnlyTrainingCanStall) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  for (int seconds = 0; seconds < 60; seconds += 5) {
    ASSERT_TRUE(registry_->Heartbeat(Beat(100, v1::Job::BETWEEN_EPOCHS)).ok());
    Pass(absl::Seconds(5));
  }
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED));
  for (int seconds = 0; seconds < 60; seconds += 5) {
    ASSERT_TRUE(registry_->Heartbeat(Beat(101)).ok());
    Pass(absl::Seconds(5));
  }
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED, v1::Event::STALLED));
  ASSERT_TRUE(registry_->Heartbeat(Beat(102)).ok());
  EXPECT_THAT(Events(),
              ElementsAre(v1::Event::STARTED, v1::Event::STALLED, v1::Event::STALL_ENDED));
}

TEST_F(JobRegistryTest, NamesAStragglerOnceAndItsRecovery) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(1, 4)).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(2, 4)).ok());
  EXPECT_THAT(Events(), ElementsAre(v1::Event::STARTED, v1::Event::STRAGGLER));
  const v1::Event event = Job().events(1);
  EXPECT_EQ(event.straggler().rank(), 2);
  EXPECT_EQ(event.straggler().phase(), "forward");
  EXPECT_DOUBLE_EQ(event.straggler().slowdown(), 2.5);
  EXPECT_EQ(event.message(),
            "rank 2 on pc2 takes 2.5 times as long as the median, mostly in forward");
  ASSERT_TRUE(registry_->Report(EpochReport(3)).ok());
  EXPECT_EQ(Events().back(), v1::Event::STRAGGLER_RECOVERED);
}

TEST_F(JobRegistryTest, CancelReachesTheTrainerAndItsResumption) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  EXPECT_FALSE(registry_->Heartbeat(Beat(1))->cancel_requested());
  ASSERT_TRUE(registry_->Cancel("lesson")->cancel_requested());
  ASSERT_TRUE(registry_->Cancel("lesson").ok());
  Restart();
  EXPECT_TRUE(registry_->Heartbeat(Beat(2))->cancel_requested());
  ASSERT_TRUE(registry_->Report(End(v1::Job::CANCELLED)).ok());
  EXPECT_EQ(Job().state(), v1::Job::CANCELLED);
  EXPECT_FALSE(Job().cancel_requested());
  EXPECT_TRUE(registry_->Register(Registration(kSecond))->cancel_requested());
  EXPECT_EQ(Job().state(), v1::Job::CANCELLED);
}

TEST_F(JobRegistryTest, CancelEndsAJobThatDoesNotRun) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Cancel("lesson").ok());
  Pass(absl::Seconds(11));
  EXPECT_EQ(Job().state(), v1::Job::CANCELLED);
}

TEST_F(JobRegistryTest, FinishedJobsCannotBeCancelledAndRunningOnesNotDeleted) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  EXPECT_EQ(registry_->Delete("lesson").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(registry_->Report(End(v1::Job::SUCCEEDED)).ok());
  EXPECT_EQ(registry_->Cancel("lesson").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(registry_->Delete("lesson").ok());
  EXPECT_EQ(registry_->Get("lesson").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_->Heartbeat(Beat(1)).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(JobRegistryTest, WatchTellsEveryChangeAndTheEnd) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  const auto watch = *registry_->StartWatch("lesson");
  const uint64_t first = watch->Await(0, absl::Seconds(10))->version;
  EXPECT_EQ(watch->Await(first, absl::ZeroDuration())->version, first);
  std::thread trainer([this] { ASSERT_TRUE(registry_->Heartbeat(Beat(77)).ok()); });
  const auto changed = watch->Await(first, absl::Seconds(10));
  trainer.join();
  EXPECT_EQ(changed->job.step(), 77);
  ASSERT_TRUE(registry_->Report(End(v1::Job::FAILED)).ok());
  Pass(absl::Seconds(1));  // the watch keeps the job in memory
  EXPECT_EQ(watch->Await(changed->version, absl::Seconds(10))->job.state(), v1::Job::FAILED);
  ASSERT_TRUE(registry_->Delete("lesson").ok());
  EXPECT_EQ(watch->Await(0, absl::Seconds(10)).status().code(), absl::StatusCode::kNotFound);
  registry_->Stop();
  EXPECT_EQ(watch->Await(0, absl::Seconds(10)).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(JobRegistryTest, WatchEndsByTheRegistrysClock) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  const auto watch = *registry_->StartWatch("lesson");
  const uint64_t first = watch->Await(0, absl::Hours(1))->version;
  // In small steps and on and on, because nobody can see when Await has begun.
  std::atomic<bool> ended{false};
  std::thread clock([&] {
    while (!ended) {
      Pass(absl::Milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  EXPECT_EQ(watch->Await(first, absl::Milliseconds(2))->version, first);
  ended = true;
  clock.join();
}

// Holds the database's write lock, so that commits wait, and fail when the store's patience ends.
class StuckDisk {
 public:
  explicit StuckDisk(const std::string& directory)
      : database_(*Database::Open(directory + "/coordinator.sqlite", absl::Seconds(2))),
        transaction_(database_) {
    EXPECT_TRUE(transaction_.Begin().ok());
  }

 private:
  Database database_;
  Transaction transaction_;  // rolled back at the end
};

TEST_F(JobRegistryTest, AStuckDiskDelaysAcknowledgementsAndNothingElse) {
  Restart(absl::Minutes(1));
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  const auto watch = *registry_->StartWatch("lesson");
  std::atomic<bool> acknowledged{false};
  auto disk = std::make_unique<StuckDisk>(directory_);
  std::thread trainer([&] {
    EXPECT_TRUE(registry_->Report(EpochReport(1)).ok());
    acknowledged = true;
  });
  uint64_t version = 0;
  while (Job().completed_epochs() < 1) version = watch->Await(version, absl::Seconds(1))->version;
  EXPECT_TRUE(registry_->Heartbeat(Beat(150)).ok());
  EXPECT_EQ(watch->Await(version, absl::Seconds(1))->job.step(), 150);
  EXPECT_EQ(registry_->RunningJobs().size(), 1);
  EXPECT_EQ(registry_->List({})->jobs(0).step(), 150);
  EXPECT_EQ(registry_->Get("other").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->CountJobs()->size(), 1);
  registry_->Tick();
  EXPECT_FALSE(acknowledged);
  EXPECT_EQ(*store_->CompletedEpochs("lesson"), 0);
  disk.reset();
  trainer.join();
  EXPECT_EQ(*store_->CompletedEpochs("lesson"), 1);
}

TEST_F(JobRegistryTest, WhatCouldNotBeSavedIsSavedLater) {
  Restart(absl::Milliseconds(10));
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  {
    const StuckDisk disk(directory_);
    EXPECT_EQ(registry_->Report(End(v1::Job::SUCCEEDED)).status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_EQ(store_->Events("lesson")->size(), 1);
  }
  ASSERT_TRUE(registry_->Report(End(v1::Job::SUCCEEDED)).ok());  // as the trainer does
  EXPECT_EQ(store_->GetJob("lesson")->job.state(), v1::Job::SUCCEEDED);
  EXPECT_EQ(store_->Events("lesson")->size(), 2);
}

TEST_F(JobRegistryTest, SeveralRegistrationsMakeOneJobARun) {
  std::vector<std::thread> trainers;
  for (int i = 0; i < 8; ++i) {
    trainers.emplace_back([this, i] {
      auto request = Registration();
      request.set_run_id(std::string(32, i % 2 == 0 ? 'a' : 'b'));
      EXPECT_TRUE(registry_->Register(request).ok());
    });
  }
  for (std::thread& trainer : trainers) trainer.join();
  EXPECT_EQ(registry_->List({})->jobs_size(), 2);
}

TEST_F(JobRegistryTest, RefusesWhatCannotBe) {
  auto request = Registration();
  request.set_process_id("me");
  const auto refused = registry_->Register(request);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("process_id"));
  request = Registration();
  request.mutable_ranks(1)->set_rank(7);
  EXPECT_EQ(registry_->Register(request).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  EXPECT_EQ(registry_->Report(End(v1::Job::RUNNING)).status().code(),
            absl::StatusCode::kInvalidArgument);
  worker::v1::ModelHeader header;
  header.set_job("jobs/lesson");
  header.set_process_id(kFirst);
  header.set_sha256(std::string(64, '0'));
  EXPECT_EQ(registry_->Publish(header, "no model").status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoy::coordinator
