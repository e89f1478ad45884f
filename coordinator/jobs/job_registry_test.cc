#include "coordinator/jobs/job_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "coordinator/jobs/progress.h"

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kRun[] = "0123456789abcdef0123456789abcdef";
constexpr char kFirst[] = "11111111111111111111111111111111";
constexpr char kSecond[] = "22222222222222222222222222222222";

worker::v1::RegisterJobRequest Registration(const std::string& process = kFirst) {
  worker::v1::RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id(kRun);
  request.set_process_id(process);
  request.set_epochs(3);
  request.set_steps_per_epoch(100);
  request.mutable_setup()->set_train_image_count(12800);
  request.mutable_recipe()->set_batch_size(128);
  for (int rank = 0; rank < 3; ++rank) {
    request.add_ranks()->set_rank(rank);
    request.mutable_ranks(rank)->set_host(absl::StrCat("pc", rank));
  }
  return request;
}

worker::v1::HeartbeatRequest Beat(int64_t step, v1::Job::Activity activity = v1::Job::TRAINING) {
  worker::v1::HeartbeatRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  request.mutable_progress()->set_step(step);
  request.mutable_progress()->set_epoch(static_cast<int32_t>(step / 100 + 1));
  request.mutable_progress()->set_activity(activity);
  request.mutable_progress()->set_images_per_second(1280);
  return request;
}

worker::v1::ReportProgressRequest EpochReport(int epoch, double slowest_forward_seconds = 1) {
  worker::v1::ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  *request.mutable_progress() = Beat(epoch * 100).progress();
  v1::MetricSample* sample = request.add_samples();
  sample->set_scope(v1::MetricSample::EPOCH);
  sample->set_epoch(epoch);
  sample->set_step(epoch * 100);
  sample->add_metrics()->set_name("val_loss");
  sample->mutable_metrics(0)->set_value(1.0 / epoch);
  for (int rank = 0; rank < 3; ++rank) {
    v1::Rank* times = request.add_ranks();
    times->set_rank(rank);
    times->set_host(absl::StrCat("pc", rank));
    times->mutable_epoch_phase_seconds()->set_backward(1);
    times->mutable_epoch_phase_seconds()->set_forward(rank == 2 ? slowest_forward_seconds : 1);
  }
  return request;
}

worker::v1::ReportProgressRequest End(v1::Job::State state) {
  worker::v1::ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  request.mutable_conclusion()->set_state(state);
  return request;
}

class JobRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/registry-", ::getpid());
    std::filesystem::remove_all(directory_);
    Restart();
  }
  void TearDown() override {
    registry_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  // As after a kill -9: what is only in memory is gone.
  void Restart(absl::Duration patience = absl::Seconds(2)) {
    registry_.reset();
    store_.reset();
    store_ = *Store::Open(directory_, patience);
    const auto now = [this] {
      const absl::Duration past = absl::Nanoseconds(past_.load());
      return Moment{.wall = absl::FromUnixSeconds(1'700'000'000) + past + set_by_, .steady = past};
    };
    const auto on_event = [this](const std::string& job, const v1::Event& event) {
      const absl::MutexLock lock(&mutex_);
      told_.emplace_back(job, event.type());
    };
    registry_ = *JobRegistry::Open(*store_, {.now = now, .on_event = on_event});
  }

  void Pass(absl::Duration time) {
    past_ += absl::ToInt64Nanoseconds(time);
    registry_->Tick();
  }

  v1::Job Job() {
    auto job = registry_->Get("lesson");
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : v1::Job();
  }

  std::vector<v1::Event::Type> Events() {
    std::vector<v1::Event::Type> types;
    const v1::Job job = Job();
    for (const v1::Event& event : job.events()) types.push_back(event.type());
    return types;
  }

  std::atomic<int64_t> past_{0};  // nanoseconds since the test began; watches read it, too
  absl::Duration set_by_;         // how far somebody set the wall clock
  absl::Mutex mutex_;
  std::vector<std::pair<std::string, v1::Event::Type>> told_ ABSL_GUARDED_BY(mutex_);
  std::string directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobRegistry> registry_;
};

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

// A laptop that wakes up, the first answer of a time server, somebody's `date -s`.
TEST_F(JobRegistryTest, WhoeverSetsTheClockLosesNobody) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Cancel("lesson").ok());
  for (const absl::Duration step : {absl::Hours(1), -absl::Hours(1)}) {
    set_by_ += step;
    Pass(absl::Seconds(1));
    EXPECT_EQ(Job().state(), v1::Job::RUNNING);
    EXPECT_TRUE(registry_->Heartbeat(Beat(1))->cancel_requested());
  }
  set_by_ -= absl::Hours(1);
  Pass(absl::Seconds(11));
  EXPECT_EQ(Job().state(), v1::Job::CANCELLED);  // no later than with a clock that nobody set
}

TEST_F(JobRegistryTest, AClockSetBackDelaysNeitherStallsNorWatches) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  ASSERT_TRUE(registry_->Heartbeat(Beat(1)).ok());
  const auto watch = *registry_->StartWatch("lesson");
  set_by_ -= absl::Hours(1);
  for (int seconds = 0; seconds < 40; seconds += 5) {
    ASSERT_TRUE(registry_->Heartbeat(Beat(1)).ok());
    Pass(absl::Seconds(5));
  }
  EXPECT_EQ(Events().back(), v1::Event::STALLED);
  const uint64_t version = watch->Await(0, absl::Hours(1))->version;
  std::thread clock([this] { Pass(absl::Seconds(9)); });
  EXPECT_EQ(watch->Await(version, absl::Seconds(9))->version, version);
  clock.join();
}

TEST_F(JobRegistryTest, FoundAgainAfterTheSecondsOfItsSilence) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  Pass(absl::Seconds(11));
  Pass(absl::Seconds(1));  // is not in memory any more
  Pass(absl::Seconds(8));
  ASSERT_TRUE(registry_->Heartbeat(Beat(5)).ok());
  const v1::Job job = Job();
  EXPECT_EQ(job.events(job.events_size() - 1).message(), "heard of again, after 20 s");
}

// By the count of what is kept, not by the clock: 55 s under one lock it was before.
TEST_F(JobRegistryTest, NewNamesInEverySampleAreRefusedBeforeTheyCost) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  worker::v1::ReportProgressRequest flood = EpochReport(1);
  for (int i = 0; i < 960; ++i) {
    v1::MetricSample* sample = flood.add_samples();
    *sample = flood.samples(0);
    sample->clear_metrics();
    for (int j = 0; j < 64; ++j) sample->add_metrics()->set_name(absl::StrCat("m", i, "_", j));
  }
  const absl::Status refused = registry_->Report(flood).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("64"));
  EXPECT_EQ(Job().metrics_size(), 0);
  EXPECT_EQ(Job().completed_epochs(), 0);
}

TEST_F(JobRegistryTest, NamesOfSeveralReportsAreCountedTogether) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    worker::v1::ReportProgressRequest report = EpochReport(1);
    report.mutable_samples(0)->mutable_metrics(0)->set_name(absl::StrCat("m", i));
    status = registry_->Report(report).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LE(Job().metrics_size(), 66);
}

TEST_F(JobRegistryTest, EpochsThatTheJobDoesNotHaveAreRefused) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  EXPECT_EQ(registry_->Report(EpochReport(4)).status().code(), absl::StatusCode::kInvalidArgument);
  auto between = EpochReport(1);
  between.mutable_samples(0)->set_step(99);
  EXPECT_EQ(registry_->Report(between).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JobRegistryTest, OnlyTheRunsKeyTakesItsJobOver) {
  auto mine = Registration();
  ASSERT_TRUE(registry_->Register(mine).ok());  // by a trainer that knows of no keys
  mine.set_run_key(std::string(32, '1'));
  ASSERT_TRUE(registry_->Register(mine).ok());
  ASSERT_TRUE(registry_->Report(EpochReport(1)).ok());
  for (const std::string& key : {std::string(), std::string(32, '2')}) {
    for (const bool restart : {false, true}) {
      if (restart) Restart();
      auto theirs = Registration(kSecond);
      theirs.set_run_key(key);
      EXPECT_EQ(registry_->Register(theirs).status().code(), absl::StatusCode::kPermissionDenied);
    }
  }
  EXPECT_TRUE(registry_->Heartbeat(Beat(150)).ok());
  EXPECT_EQ(*store_->CompletedEpochs("lesson"), 1);
  mine.set_process_id(kSecond);
  EXPECT_TRUE(registry_->Register(mine).ok());
}

TEST_F(JobRegistryTest, ADamagedJobIsNamedOnceAndDeletedOrToldAnew) {
  ASSERT_TRUE(registry_->Register(Registration()).ok());
  auto other = Registration();
  other.set_run_name("other");
  other.set_run_id(kSecond);
  ASSERT_TRUE(registry_->Register(other).ok());
  ASSERT_TRUE(Database::Open(directory_ + "/coordinator.sqlite")
                  ->Execute("UPDATE jobs SET summary=x'ff'")
                  .ok());
  Restart();
  registry_->Tick();
  registry_->Tick();
  EXPECT_EQ(registry_->Delete("other"), absl::OkStatus());
  {
    const absl::MutexLock lock(&mutex_);
    EXPECT_THAT(told_, ElementsAre(std::pair("lesson", v1::Event::STARTED),
                                   std::pair("other", v1::Event::STARTED),
                                   std::pair("lesson", v1::Event::DAMAGED),
                                   std::pair("other", v1::Event::DAMAGED)));
  }
  EXPECT_EQ(registry_->List({})->jobs_size(), 0);
  EXPECT_EQ(registry_->Get("lesson").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(registry_->Get("other").status().code(), absl::StatusCode::kNotFound);
  // Its trainer still runs: it is sent back to register, and the job is whole again.
  EXPECT_EQ(registry_->Heartbeat(Beat(1)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_->Register(Registration())->job(), "jobs/lesson");
  EXPECT_EQ(registry_->List({})->jobs_size(), 1);
}

TEST_F(JobRegistryTest, NumbersOfEqualRunNamesAreFoundWithoutCountingUp) {
  for (int i = 0; i < 3; ++i) {
    auto request = Registration();
    request.set_run_name(std::string(200, 'n'));
    request.set_run_id(std::string(32, static_cast<char>('a' + i)));
    const auto registered = registry_->Register(request);
    ASSERT_TRUE(registered.ok()) << registered.status();
    EXPECT_LE(registered->job().size(), kMaxIdChars + 5);
  }
  EXPECT_EQ(registry_->List({})->jobs_size(), 3);
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
  std::thread clock([this] { Pass(absl::Seconds(9)); });
  EXPECT_EQ(watch->Await(first, absl::Seconds(9))->version, first);
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

TEST(StragglerTest, WhatIsNotANumberIsNoStraggler) {
  std::vector<v1::Rank> ranks(4);
  for (int i = 0; i < 4; ++i) {
    ranks[static_cast<size_t>(i)].set_rank(i);
    ranks[static_cast<size_t>(i)].mutable_epoch_phase_seconds()->set_forward(std::nan(""));
  }
  EXPECT_TRUE(FindStragglers(ranks, 1.5).empty());
  for (v1::Rank& rank : ranks) rank.mutable_epoch_phase_seconds()->set_backward(1);
  ranks[3].mutable_epoch_phase_seconds()->set_backward(9);
  ASSERT_EQ(FindStragglers(ranks, 1.5).size(), 1);
  EXPECT_EQ(FindStragglers(ranks, 1.5)[0].phase, "backward");
}

TEST(StragglerTest, NeedsAPeerAndARealLoss) {
  std::vector<v1::Rank> ranks(2);
  ranks[1].set_rank(1);
  ranks[0].mutable_epoch_phase_seconds()->set_forward(0.01);
  ranks[1].mutable_epoch_phase_seconds()->set_forward(0.05);
  EXPECT_TRUE(FindStragglers(ranks, 1.5).empty());  // 0.04 s is nothing
  ranks[1].mutable_epoch_phase_seconds()->set_forward(1);
  ASSERT_EQ(FindStragglers(ranks, 1.5).size(), 1);
  EXPECT_EQ(FindStragglers(ranks, 1.5)[0].rank, 1);
  ranks[1].mutable_epoch_phase_seconds()->set_forward(0);
  ranks[1].mutable_epoch_phase_seconds()->set_wait(100);
  EXPECT_TRUE(FindStragglers(ranks, 1.5).empty());
  EXPECT_TRUE(FindStragglers({ranks[0]}, 1.5).empty());
}

}  // namespace
}  // namespace convoy::coordinator
