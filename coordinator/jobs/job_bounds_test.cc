// What a job is spared: clocks that are set, trainers that tell too much, others' trainers, damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "coordinator/jobs/job_registry_testing.h"
#include "coordinator/jobs/progress.h"

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  ASSERT_TRUE(registry_->Heartbeat(Beat(1)).ok());
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
    EXPECT_LE(registered->job().size(), api::kMaxIdChars + 5);
    Restart();
  }
  EXPECT_EQ(registry_->List({})->jobs_size(), 3);
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
