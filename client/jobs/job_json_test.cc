#include "client/jobs/job_json.h"

#include <gtest/gtest.h>

#include "client/jobs/job_testing.h"

namespace convoy::client {
namespace {

TEST(JobJsonTest, HasTheKeysOfTheContract) {
  const auto json = JobToJson(SampleJob());
  EXPECT_EQ(json.at("name"), "first");
  EXPECT_EQ(json.at("state"), "running");
  EXPECT_EQ(json.at("epoch"), 2);
  EXPECT_EQ(json.at("epochs"), 4);
  EXPECT_EQ(json.at("step"), 15);
  EXPECT_EQ(json.at("progress_percentage"), 37);
  EXPECT_EQ(json.at("estimated_remaining_seconds"), 75.0);
  EXPECT_EQ(json.at("metrics").dump(), R"({"loss":0.25,"accuracy":0.9125})");
  EXPECT_EQ(json.at("world_size"), 2);
  EXPECT_EQ(json.at("update_time"), "2026-11-23T03:00:00Z");
  EXPECT_EQ(json.at("ranks")[1].at("phase_seconds").at("forward"), 2.5);
}

TEST(JobJsonTest, WhatIsNotKnownIsNull) {
  v1::Job job = SampleJob();
  job.clear_estimated_remaining_duration();
  job.clear_update_time();
  const auto json = JobToJson(job);
  EXPECT_TRUE(json.at("estimated_remaining_seconds").is_null());
  EXPECT_TRUE(json.at("update_time").is_null());
  EXPECT_TRUE(json.at("error").is_null());
  EXPECT_TRUE(json.at("weights_sha256").is_null());
}

TEST(JobJsonTest, LabelsAreThereOrEmpty) {
  v1::Job job = SampleJob();
  EXPECT_EQ(JobToJson(job).at("tags").dump(), "[]");
  EXPECT_TRUE(JobToJson(job).at("display_name").is_null());
  EXPECT_TRUE(JobToJson(job).at("note").is_null());
  job.mutable_labels()->set_display_name("wide");
  job.mutable_labels()->add_tags("lab3");
  job.mutable_labels()->set_note("x");
  EXPECT_EQ(JobToJson(job).at("display_name"), "wide");
  EXPECT_EQ(JobToJson(job).at("tags").dump(), R"(["lab3"])");
  EXPECT_EQ(JobToJson(job).at("note"), "x");
}

TEST(JobJsonTest, TimeThatIsNoneIsNull) {
  v1::Job job = SampleJob();
  job.mutable_update_time()->set_nanos(-5);
  EXPECT_TRUE(JobToJson(job).at("update_time").is_null());
}

TEST(JobJsonTest, EventsHaveTypeAndSeverity) {
  v1::Job job = SampleJob();
  AddWarning("rank 1 is slow", &job);
  const auto event = JobToJson(job).at("events").at(0);
  EXPECT_EQ(event.at("type"), "straggler");
  EXPECT_EQ(event.at("severity"), "warning");
  EXPECT_EQ(event.at("message"), "rank 1 is slow");
}

TEST(JobJsonTest, HistoryKeepsEveryEpochsMetricsInOrder) {
  v1::MetricSample sample;
  v1::Metric* metric = sample.add_metrics();
  metric->set_name("loss");
  metric->set_value(0.1);
  const metrics::History history = ToHistory({sample, sample});
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1], (metrics::EpochMetrics{{"loss", 0.1}}));
}

}  // namespace
}  // namespace convoy::client
