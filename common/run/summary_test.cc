#include "common/run/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace convoy::run {
namespace {

using ::testing::HasSubstr;

Summary Sample() {
  Summary summary{.state = RunState::kStopped, .error = "why", .version = "1", .git_commit = "abc"};
  summary.facts = {.world_size = 2,
                   .threads = {1, 3},
                   .hosts = {"pc1", "pc2"},
                   .owner = "ann@pc1",
                   .isa = "avx2",
                   .blas_core = "Haswell",
                   .data_kind = "mnist",
                   .data_sha256 = "d",
                   .model_name = "notebook",
                   .parameters = 5,
                   .train_images = 100,
                   .validation_images = 20,
                   .test_images = 10,
                   .epochs = 2,
                   .steps_per_epoch = 4,
                   .batch_size = 32,
                   .micro_batch = 16,
                   .reduce = "exact",
                   .exchange = "bfloat16",
                   .seed = 18446744073709551615U,
                   .restarts = 1,
                   .start_time = absl::FromUnixMicros(1'700'000'000'123'456)};
  summary.end_time = absl::FromUnixMicros(1'700'000'001'000'001);
  summary.epoch = 1;
  summary.steps = 3;
  summary.loss = 0.1;
  summary.accuracy = 0.9;
  summary.images_per_second = 16.5;
  summary.train_seconds = 6;
  summary.validation_seconds = 0.5;
  summary.train_images_per_second = 17;
  summary.wall_seconds = 7;
  summary.peak_rss_bytes = int64_t{1} << 40;
  summary.test_loss = 0.25;
  summary.test_accuracy = 0.75;
  summary.validation_accuracy = 0.5;
  summary.weights_sha256 = "w";
  summary.phase_seconds = {{.data = 1, .wait = 2}, {.reduce = 0.5}};
  return summary;
}

TEST(SummaryTest, WhatIsWrittenIsRead) {
  const std::string json = ToJson(Sample());
  const Summary read = SummaryFromJson(json, "s").value();
  EXPECT_EQ(ToJson(read), json);  // every key, as the sample has none that is empty or 0
  EXPECT_EQ(read.facts.steps_per_epoch, 4);
  EXPECT_EQ(read.facts.start_time, Sample().facts.start_time);
  EXPECT_EQ(read.phase_seconds[0].wait, 2);
}

TEST(SummaryTest, UnknownIsNullAndReadAsUnknown) {
  const std::string json = ToJson(Summary());
  EXPECT_TRUE(nlohmann::json::parse(json).at("test_loss").is_null());
  const Summary read = SummaryFromJson(json, "s").value();
  EXPECT_FALSE(read.loss.has_value());
  EXPECT_FALSE(read.test_loss.has_value());
  EXPECT_EQ(read.end_time, absl::InfiniteFuture());
}

TEST(SummaryTest, ResultThatIsNoNumberStaysOne) {
  Summary summary = Sample();
  summary.state = RunState::kSucceeded;
  summary.test_loss = std::numeric_limits<double>::quiet_NaN();
  const Summary read = SummaryFromJson(ToJson(summary), "s").value();
  ASSERT_TRUE(read.test_loss.has_value());
  EXPECT_TRUE(std::isnan(*read.test_loss));
  EXPECT_EQ(read.test_accuracy, 0.75);
}

// Paths may have any bytes; a summary that cannot be written would end the run.
TEST(SummaryTest, TextThatIsNotUtf8IsReplaced) {
  Summary summary = Sample();
  summary.error = "runs/\xff: disk is full";
  EXPECT_EQ(SummaryFromJson(ToJson(summary), "s")->error, "runs/\uFFFD: disk is full");
}

TEST(SummaryTest, EarlierVersionsAreRead) {
  const Summary read = SummaryFromJson(R"({"state": "running", "threads": [1, 1], "hosts": ["pc1"],
                          "train_images_per_second": 8})",
                                       "s")
                           .value();
  EXPECT_EQ(read.facts.hosts, (std::vector<std::string>{"pc1", "pc1"}));
  EXPECT_EQ(read.images_per_second, 8);
  EXPECT_EQ(read.facts.start_time, absl::InfinitePast());
}

TEST(SummaryTest, HostileNumbersAreCut) {
  const Summary read = SummaryFromJson(R"({"state": "stopped", "world_size": 1e300, "epochs": -7,
      "steps": 1e99, "threads": "x", "seed": -1, "phase_seconds": [7, {"data": "y"}]})",
                                       "s")
                           .value();
  EXPECT_EQ(read.facts.world_size, 1 << 30);
  EXPECT_EQ(read.facts.epochs, 0);
  EXPECT_EQ(read.facts.seed, 0U);
  EXPECT_EQ(read.phase_seconds.size(), 2U);
}

TEST(SummaryTest, DamagedFilesAreNamed) {
  for (const char* text : {"", "{", "[]", "{}", R"({"state": "resting"})", R"({"state": 7})"}) {
    const absl::Status status = SummaryFromJson(text, "runs/a/summary.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("runs/a/summary.json: "));
  }
}

}  // namespace
}  // namespace convoy::run
