#include "common/run/run_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace convoy::run {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RunFilesTest : public ::testing::Test {
 protected:
  RunFilesTest() : run_(::testing::TempDir() + "convoy_run") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_);
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(run_ + "/" + name) << text;
  }

  std::string run_;
};

TEST_F(RunFilesTest, PathsAreLocalAndNamesAreNot) {
  EXPECT_TRUE(IsPath("runs/first"));
  EXPECT_TRUE(IsPath("."));
  EXPECT_FALSE(IsPath("20261123-012345-1a2b"));
}

TEST_F(RunFilesTest, StepsDoneAreThoseOfTheSlowestRank) {
  EXPECT_EQ(ReadStepsDone(run_), 0);
  Write("progress.json",
        R"({"time": "x", "ranks": [{"step": 8}, {"step": 7, "phase": "update"}]})");
  EXPECT_EQ(ReadStepsDone(run_), 6);
  for (const char* broken : {"", "{", "[]", R"({"ranks": 3})", R"({"ranks": []})",
                             R"({"ranks": [{"step": "7"}]})", R"({"ranks": [{"step": -5}]})"}) {
    Write("progress.json", broken);
    EXPECT_EQ(ReadStepsDone(run_), 0) << broken;
  }
}

TEST_F(RunFilesTest, NameIsTheLastPartOfThePath) {
  EXPECT_EQ(RunName("runs/first"), "first");
  EXPECT_EQ(RunName("runs/first/"), "first");
  EXPECT_EQ(RunName("."), std::filesystem::current_path().filename().string());
}

TEST_F(RunFilesTest, FilesAreReadAndNamedWhereDamaged) {
  Write("history.json", R"({"loss": [0.5, null]})");
  EXPECT_EQ(ReadHistory(run_)->size(), 2U);
  Write("history.json", "[]");
  EXPECT_THAT(ReadHistory(run_).status().message(), HasSubstr(run_ + "/history.json"));
  Write("summary.json", R"({"state": "stopped", "steps": 7})");
  EXPECT_EQ(ReadSummary(run_)->steps, 7);
  Write("summary.json", "{");
  EXPECT_THAT(ReadSummary(run_).status().message(), HasSubstr(run_ + "/summary.json"));
}

TEST_F(RunFilesTest, MissingRunsSayWhatToGive) {
  EXPECT_THAT(ReadHistory(run_ + "/none").status().message(), HasSubstr("no such directory"));
  const absl::Status status = ReadSummary(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("no summary.json"), HasSubstr("runs/first")));
}

TEST_F(RunFilesTest, LockTellsWhetherATrainerWorks) {
  EXPECT_FALSE(TrainerWorksIn(run_));
  Write(".lock", "");
  EXPECT_FALSE(TrainerWorksIn(run_));
  const int lock = ::open((run_ + "/.lock").c_str(), O_RDWR);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(TrainerWorksIn(run_));
  ::close(lock);
  EXPECT_FALSE(TrainerWorksIn(run_));
}

}  // namespace
}  // namespace convoy::run
