#include "client/local/run_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace convoy::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RunDirectoryTest : public ::testing::Test {
 protected:
  RunDirectoryTest() : run_(::testing::TempDir() + "convoy_run") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_);
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(run_ + "/" + name) << text;
  }

  std::string run_;
};

TEST_F(RunDirectoryTest, PathsAreLocalAndNamesAreNot) {
  EXPECT_TRUE(IsLocalRun("runs/first"));
  EXPECT_TRUE(IsLocalRun("."));
  EXPECT_FALSE(IsLocalRun("20261123-012345-1a2b"));
}

TEST_F(RunDirectoryTest, NameIsTheLastPartOfThePath) {
  EXPECT_EQ(RunName("runs/first"), "first");
  EXPECT_EQ(RunName("runs/first/"), "first");
  EXPECT_EQ(RunName("."), std::filesystem::current_path().filename().string());
}

TEST_F(RunDirectoryTest, HistoryKeepsTheOrderOfItsMetrics) {
  Write("history.json", R"({"loss": [0.5, 0.25], "accuracy": [0.1, 0.2]})");
  EXPECT_EQ(ReadRunHistory(run_).value().dump(), R"({"loss":[0.5,0.25],"accuracy":[0.1,0.2]})");
}

TEST_F(RunDirectoryTest, DamagedFilesAreNamed) {
  for (const char* text : {"", "{\"loss\": [0.5", "[1]", "{\"loss\": 1}", "{\"loss\": [\"a\"]}",
                           "{\"loss\": [1, 2], \"accuracy\": [1]}"}) {
    Write("history.json", text);
    const absl::Status status = ReadRunHistory(run_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(status.message(), HasSubstr(run_ + "/history.json"));
  }
}

TEST_F(RunDirectoryTest, MissingRunsSayWhatToGive) {
  EXPECT_THAT(ReadRunHistory(run_ + "/none").status().message(), HasSubstr("no such directory"));
  const absl::Status status = ReadRunSummary(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("no summary.json"), HasSubstr("runs/first")));
}

TEST_F(RunDirectoryTest, LockTellsWhetherATrainerWorks) {
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
}  // namespace convoy::client
