#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "common/formats/tensorboard/event_file.h"
#include "worker/report/console.h"
#include "worker/report/event_recorder.h"
#include "worker/report/run_directory.h"
#include "worker/report/run_recorder.h"

namespace convoy::report {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kNoLimit = 1 << 24;

std::string FreshPath(const std::string& name) {
  const std::string path = ::testing::TempDir() + "/report_test_" + name;
  std::filesystem::remove_all(path);
  return path;
}

JobFacts Facts() {
  return {.world_size = 2,
          .threads = {1, 1},
          .hosts = {"pc1", "pc2"},
          .isa = "avx2",
          .blas_core = "Haswell",
          .data_kind = "mnist",
          .data_where = "data/mnist",
          .model_name = "notebook",
          .model_summary = "the table\n",
          .train_images = 48000,
          .validation_images = 12000,
          .test_images = 10000,
          .epochs = 5,
          .steps_per_epoch = 375,
          .batch_size = 128,
          .micro_batch = 16,
          .reduce = "exact"};
}

EpochReport Epoch(int64_t epoch, double seconds) {
  return {
      .epoch = epoch,
      .train_seconds = seconds,
      .train_images = 48000,
      .metrics = {{"loss", 0.5}, {"accuracy", 0.75}, {"val_loss", 0.25}, {"val_accuracy", 0.875}},
      .phases = {{.data = 1}, {.wait = 2}},
      .peak_rss_bytes = 123};
}

TEST(RunDirectoryTest, ExistingOneIsRefusedUnlessResumed) {
  const std::string path = FreshPath("existing");
  ASSERT_TRUE(RunDirectory::Open(path, false).ok());
  const auto again = RunDirectory::Open(path, false);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("`resume`"));
  EXPECT_TRUE(RunDirectory::Open(path, true).ok());
}

TEST(RunDirectoryTest, LeftoversOfAKilledWriterAreRemoved) {
  const std::string path = FreshPath("leftovers");
  ASSERT_TRUE(RunDirectory::Open(path, false).ok());
  ASSERT_TRUE(WriteFileAtomically(path + "/summary.json.123.tmp", "half").ok());
  ASSERT_TRUE(RunDirectory::Open(path, true).ok());
  EXPECT_FALSE(PathExists(path + "/summary.json.123.tmp"));
}

TEST(RunDirectoryTest, SecondTrainerIsRefused) {
  const std::string path = FreshPath("locked");
  const auto first = RunDirectory::Open(path, false);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(RunDirectory::Open(path, true).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(RunDirectoryTest, WritesInOrderAndReportsTheFirstError) {
  const auto directory = RunDirectory::Open(FreshPath("writes"), false).value();
  for (int i = 0; i < 50; ++i) directory->Write("file", std::to_string(i));
  directory->Log(log::Level::kInfo, "one");
  directory->Log(log::Level::kNote, "two");
  ASSERT_TRUE(directory->Flush().ok());
  EXPECT_EQ(ReadFile(directory->FilePath("file"), kNoLimit).value(), "49");
  EXPECT_THAT(ReadFile(directory->FilePath("log.txt"), kNoLimit).value(),
              testing::MatchesRegex("[-0-9T:]+Z info one\n[-0-9T:]+Z note two\n"));
  directory->Write("no/such/folder", "x");
  EXPECT_FALSE(directory->Flush().ok());
  EXPECT_TRUE(directory->Flush().ok());
}

// Said when it happens; what is written again later is whole, and a lost event is no failed run.
TEST(RunDirectoryTest, ErrorsAreToldAtOnceAndForgottenOnceTheFileIsThere) {
  const auto directory = RunDirectory::Open(FreshPath("behind"), false).value();
  testing::internal::CaptureStderr();
  directory->Write("folder/file", "x");
  directory->Write("folder/file", "x");
  directory->Do([] { return absl::UnavailableError("no events"); });
  directory->Do([&] { return CreateDirectories(directory->FilePath("folder")); });
  directory->Write("folder/file", "y");
  EXPECT_EQ(directory->Flush(), absl::OkStatus());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2);
  EXPECT_THAT(said, HasSubstr("folder/file"));
  EXPECT_THAT(said, HasSubstr("no events"));
}

TEST(RunDirectoryTest, PathThatCannotBeMadeIsNamed) {
  const auto directory = RunDirectory::Open("/dev/null/run", false);
  EXPECT_THAT(std::string(directory.status().message()), HasSubstr("run_dir"));
}

class RunRecorderTest : public ::testing::Test {
 protected:
  nlohmann::json Summary() {
    EXPECT_TRUE(directory_->Flush().ok());
    return nlohmann::json::parse(ReadFile(directory_->FilePath("summary.json"), kNoLimit).value());
  }

  std::unique_ptr<RunDirectory> directory_ =
      RunDirectory::Open(FreshPath("recorder"), false).value();
  RunRecorder recorder_{*directory_, "seed: 1\n", {}, {}};
};

TEST_F(RunRecorderTest, SummaryFollowsTheRun) {
  recorder_.OnStart(Facts());
  EXPECT_EQ(Summary()["state"], "running");
  EXPECT_TRUE(Summary()["weights_sha256"].is_null());
  recorder_.OnEpoch(Epoch(0, 3));
  recorder_.OnEpoch(Epoch(1, 1));
  recorder_.OnEpoch(Epoch(2, 2));
  recorder_.OnFinished({.test_loss = 0.03, .test_accuracy = 0.99, .weights_sha256 = "abc"});
  const nlohmann::json summary = Summary();
  EXPECT_EQ(summary["state"], "succeeded");
  EXPECT_EQ(summary["train_seconds"], 6.0);
  EXPECT_EQ(summary["train_images_per_second"], 24000.0);
  EXPECT_EQ(summary["validation_accuracy"], 0.875);
  EXPECT_EQ(summary["phase_seconds"][1]["wait"], 2.0);
  EXPECT_EQ(summary["hosts"], (nlohmann::json{"pc1", "pc2"}));
  const auto history =
      nlohmann::json::parse(ReadFile(directory_->FilePath("history.json"), kNoLimit).value());
  EXPECT_EQ(history["loss"].size(), 3u);
}

// The contract names these keys; others read them.
TEST_F(RunRecorderTest, SummaryHasTheContractsKeys) {
  recorder_.OnStart(Facts());
  const nlohmann::json summary = Summary();
  for (const char* key : {"schema_version",
                          "state",
                          "error",
                          "world_size",
                          "threads",
                          "hosts",
                          "isa",
                          "blas_core",
                          "version",
                          "git_commit",
                          "data",
                          "data_sha256",
                          "model",
                          "train_images",
                          "validation_images",
                          "test_images",
                          "epochs",
                          "steps",
                          "batch_size",
                          "micro_batch",
                          "reduce",
                          "exchange",
                          "seed",
                          "parameters",
                          "restarts",
                          "train_seconds",
                          "train_images_per_second",
                          "wall_seconds",
                          "peak_rss_bytes",
                          "test_loss",
                          "test_accuracy",
                          "validation_accuracy",
                          "weights_sha256",
                          "phase_seconds"}) {
    EXPECT_TRUE(summary.contains(key)) << key;
  }
}

TEST_F(RunRecorderTest, RunThatGoesOnAfterItsLastEpochHasItsValidationAccuracy) {
  RunRecorder recorder(*directory_, "seed: 1\n", {{{"loss", 0.5}, {"val_accuracy", 0.75}}}, {3});
  recorder.OnStart(Facts());
  EXPECT_EQ(Summary()["validation_accuracy"], 0.75);
}

TEST_F(RunRecorderTest, ARunThatDiesAtOnceHasItsSummary) {
  recorder_.OnStart(Facts());
  EXPECT_TRUE(run::ReadSummary(directory_->path()).ok());
}

TEST_F(RunRecorderTest, FailureIsRecorded) {
  recorder_.OnStart(Facts());
  recorder_.OnFailed("step 3: the loss is not finite");
  EXPECT_EQ(Summary()["state"], "failed");
  EXPECT_EQ(Summary()["error"], "step 3: the loss is not finite");
}

class EventRecorderTest : public RunRecorderTest {
 protected:
  int64_t LastEpoch(const std::string& run) {
    EXPECT_TRUE(directory_->Flush().ok());
    return formats::LastEventStep(directory_->FilePath(run), "epoch_accuracy").value();
  }
};

TEST_F(EventRecorderTest, WritesBothRunsOfEachEpoch) {
  EventRecorder events(*directory_, {}, 0.001);
  events.OnStart(Facts());
  EXPECT_FALSE(PathExists(directory_->FilePath("train")));
  events.OnEpoch(Epoch(0, 1));
  events.OnEpoch(Epoch(1, 1));
  EXPECT_EQ(LastEpoch("train"), 1);
  EXPECT_EQ(LastEpoch("validation"), 1);
}

TEST_F(EventRecorderTest, RunThatGoesOnHasTheEpochsOfItsCheckpoint) {
  {
    EventRecorder events(*directory_, {}, 0.001);
    for (int64_t epoch = 0; epoch < 3; ++epoch) events.OnEpoch(Epoch(epoch, 1));
  }
  JobFacts facts = Facts();
  facts.restarts = 1;
  EventRecorder fewer(*directory_, {Epoch(0, 1).metrics, Epoch(1, 1).metrics}, 0.001);
  fewer.OnStart(facts);
  EXPECT_EQ(LastEpoch("train"), 1);
  EXPECT_EQ(LastEpoch("validation"), 1);
  EventRecorder more(*directory_, metrics::History(5, Epoch(0, 1).metrics), 0.001);
  more.OnStart(facts);
  EXPECT_EQ(LastEpoch("train"), 4);
  EXPECT_EQ(LastEpoch("validation"), 4);
}

TEST_F(EventRecorderTest, RunThatBeginsAfreshMakesLeftoversVoid) {
  {
    EventRecorder events(*directory_, {}, 0.001);
    events.OnEpoch(Epoch(0, 1));
  }
  ASSERT_EQ(LastEpoch("train"), 0);
  EventRecorder events(*directory_, {}, 0.001);
  events.OnStart(Facts());
  EXPECT_EQ(LastEpoch("train"), -1);
  EXPECT_EQ(LastEpoch("validation"), -1);
}

TEST_F(EventRecorderTest, BrokenPictureIsToldAndNoFailureOfTheRun) {
  EventRecorder events(*directory_, {}, 0.001);
  testing::internal::CaptureStderr();
  events.AddImage("confusion_matrix", "no PNG");
  EXPECT_EQ(directory_->Flush(), absl::OkStatus());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("confusion_matrix"));
}

TEST_F(EventRecorderTest, AddsTheFiguresOfTheNetworkToItsLastEpoch) {
  const std::string png = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) +
                          std::string("\0\0\0\2\0\0\0\3\x08\6\0\0\0crc.", 17);
  const std::string folder = directory_->FilePath("figures");
  ASSERT_TRUE(CreateDirectories(folder).ok());
  for (const char* name : {"confusion.png", "filters-conv1.png", "noise.png", "confusion.svg"}) {
    ASSERT_TRUE(WriteFileAtomically(folder + "/" + name, png).ok());
  }
  EventRecorder events(*directory_, {}, 0.001);
  for (int64_t epoch = 0; epoch < 3; ++epoch) events.OnEpoch(Epoch(epoch, 1));
  ASSERT_TRUE(events.AddFigures(folder).ok());
  ASSERT_TRUE(directory_->Flush().ok());
  const auto last = [this](const std::string& tag) {
    return formats::LastEventStep(directory_->FilePath("train"), tag).value();
  };
  EXPECT_EQ(last("confusion_matrix"), 2);
  EXPECT_EQ(last("filters/conv1"), 2);
  EXPECT_EQ(last("noise"), -1);
  EXPECT_FALSE(events.AddFigures(folder + "/nowhere").ok());
}

std::string ConsoleOutput(int verbose) {
  std::FILE* file = std::tmpfile();
  {
    Console console(file, verbose, "runs/x");
    console.OnStart(Facts());
    console.OnEpochStart(0, 0);
    console.OnStep({.epoch = 0, .step_in_epoch = 1, .global_step = 1, .loss = 2.3});
    console.OnEpoch(Epoch(0, 2));
    console.OnFinished({.test_loss = 0.03, .test_accuracy = 0.99, .weights_sha256 = "abc"});
  }
  std::string text(static_cast<size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

TEST(ConsoleTest, PlainLinesWhereThereIsNoTerminal) {
  const std::string text = ConsoleOutput(1);
  EXPECT_THAT(text,
              HasSubstr("Convoy trains on 2 ranks (2 threads in all) on 2 hosts: pc1, pc2\n"));
  EXPECT_THAT(text, HasSubstr("48,000 to train on"));
  EXPECT_THAT(text, HasSubstr("Epoch 1/5\n375/375 [==============================] - 2.0s - loss: "
                              "0.5000 - accuracy: 0.7500 - val_loss: 0.2500 - val_accuracy: 0.8750 "
                              "- 24,000 images/s\n"));
  EXPECT_THAT(text, HasSubstr("test accuracy 99.00%"));
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(ConsoleTest, VerboseTwoIsALineAnEpochAndZeroIsSilent) {
  EXPECT_THAT(ConsoleOutput(2), HasSubstr("\nEpoch 1/5 - 2.0s - loss: 0.5000"));
  EXPECT_EQ(ConsoleOutput(0), "");
}

}  // namespace
}  // namespace convoy::report
