#include "coordinator/jobs/live_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;

v1::MetricSample SampleOf(int64_t step, double value) {
  v1::MetricSample sample;
  sample.set_scope(v1::MetricSample::STEP);
  sample.set_step(step);
  sample.add_metrics()->set_value(value);
  return sample;
}

UnsavedChanges ChangesOf(const std::vector<int64_t>& steps, double value) {
  UnsavedChanges changes;
  for (const int64_t step : steps) {
    changes.samples[{step, v1::MetricSample::STEP}] = SampleOf(step, value);
  }
  return changes;
}

std::vector<std::pair<int64_t, double>> Samples(const UnsavedChanges& changes) {
  std::vector<std::pair<int64_t, double>> samples;
  for (const auto& [key, sample] : changes.samples) {
    samples.emplace_back(sample.step(), sample.metrics(0).value());
  }
  return samples;
}

TEST(UnsavedChangesTest, LaterSamplesReplaceThoseOfTheSameStep) {
  UnsavedChanges changes = ChangesOf({10, 20}, 1);
  changes.Append(ChangesOf({20, 30}, 2));
  EXPECT_THAT(Samples(changes),
              ElementsAre(std::pair(10, 1.0), std::pair(20, 2.0), std::pair(30, 2.0)));
}

TEST(UnsavedChangesTest, ForgettingReachesWhatIsUnsavedAndWhatIsStored) {
  UnsavedChanges changes = ChangesOf({10, 20, 30}, 1);
  UnsavedChanges resumed;
  resumed.ForgetAfter(20);
  resumed.samples[{25, v1::MetricSample::STEP}] = SampleOf(25, 2);
  changes.Append(std::move(resumed));
  EXPECT_THAT(Samples(changes),
              ElementsAre(std::pair(10, 1.0), std::pair(20, 1.0), std::pair(25, 2.0)));
  EXPECT_EQ(changes.forget_after_step, 20);
  UnsavedChanges again;
  again.ForgetAfter(22);  // later than the last time: what was forgotten stays so
  changes.Append(std::move(again));
  EXPECT_EQ(changes.forget_after_step, 20);
  EXPECT_THAT(Samples(changes), ElementsAre(std::pair(10, 1.0), std::pair(20, 1.0)));
}

// While the disk is full nothing is saved, however long the job reports.
TEST(UnsavedChangesTest, StepsThatPileUpAreThinnedAndEpochsKept) {
  UnsavedChanges changes;
  for (int64_t step = 1; step <= 50'000; ++step) {
    v1::MetricSample sample = SampleOf(step, 1);
    changes.Add(sample);
    if (step % 100 != 0) continue;
    sample.set_scope(v1::MetricSample::EPOCH);
    changes.Add(sample);
  }
  int64_t epochs = 0;
  for (const auto& [key, sample] : changes.samples) epochs += key.second == v1::MetricSample::EPOCH;
  EXPECT_EQ(epochs, 500);
  EXPECT_LT(changes.samples.size(), 3 * kMaxStepSamples);
}

v1::Event RunEvent(v1::Event::Type type, int64_t second, const std::string& message) {
  v1::Event event;
  event.set_type(type);
  event.mutable_time()->set_seconds(second);
  event.set_message(message);
  return event;
}

std::vector<std::string> Messages(const v1::Job& job) {
  std::vector<std::string> messages;
  for (const v1::Event& event : job.events()) messages.push_back(event.message());
  return messages;
}

TEST(LiveJobTest, WhatItsSupervisorNotedIsAddedOnce) {
  worker::v1::RegisterJobRequest request;
  request.set_process_id("first");
  LiveJob job("lesson", request, Moment{});
  request.set_process_id("second");
  request.set_restarts(1);
  *request.add_run_events() = RunEvent(v1::Event::RESTARTED, 10, "rank 1 was killed");
  *request.add_run_events() = RunEvent(v1::Event::HOST_LOST, 11, "pc03 is left out");
  job.Register(request, Moment{});
  request.set_process_id("third");
  *request.add_run_events() = RunEvent(v1::Event::HOST_BACK, 20, "pc03 is back");
  job.Register(request, Moment{});
  const std::vector<std::string> messages = Messages(job.Snapshot());
  ASSERT_EQ(messages.size(), 6);  // the others say that it was started and resumed
  EXPECT_EQ(messages[1], "rank 1 was killed");
  EXPECT_EQ(messages[2], "pc03 is left out");
  EXPECT_EQ(messages[4], "pc03 is back");
}

TEST(LiveJobTest, EventsThatWereDroppedDoNotComeBack) {
  worker::v1::RegisterJobRequest request;
  request.set_process_id("first");
  *request.add_run_events() = RunEvent(v1::Event::RESTARTED, 10, "the oldest");
  LiveJob job("lesson", request, Moment{});
  for (int i = 0; i < 2 * static_cast<int>(kMaxEvents); ++i) {
    request.set_process_id(std::to_string(i));
    job.Register(request, Moment{.wall = absl::FromUnixSeconds(100)});
  }
  const std::vector<std::string> messages = Messages(job.Snapshot());
  EXPECT_EQ(messages.size(), kMaxEvents);
  EXPECT_EQ(std::count(messages.begin(), messages.end(), "the oldest"), 0);
}

TEST(LiveJobTest, WhatIsPutBackComesBeforeWhatIsNew) {
  worker::v1::RegisterJobRequest request;
  request.set_process_id("first");
  LiveJob job("lesson", request, Moment{});
  UnsavedChanges started = job.TakeUnsaved();
  job.Cancel(Moment{});
  job.PutBack(std::move(started));
  const UnsavedChanges all = job.TakeUnsaved();
  ASSERT_EQ(all.events.size(), 2);
  EXPECT_EQ(all.events[0].type(), v1::Event::STARTED);
  EXPECT_EQ(all.events[1].type(), v1::Event::CANCEL_REQUESTED);
  EXPECT_FALSE(job.HasUnsavedEvents());
}

}  // namespace
}  // namespace convoy::coordinator
