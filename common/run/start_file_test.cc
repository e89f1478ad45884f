#include "common/run/start_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/base/file_lock.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

class StartFileTest : public ::testing::Test {
 protected:
  StartFileTest() : run_(::testing::TempDir() + "convoy_start") {
    std::filesystem::remove_all(run_);
    EXPECT_TRUE(CreateDirectories(run_).ok());
  }
  ~StartFileTest() override {
    ::unsetenv(kStartVariable);
    std::filesystem::remove_all(run_);
  }

  const std::string run_;
};

TEST_F(StartFileTest, StartIsOverOnceAnotherHasBegun) {
  const std::string first = NewStartName();
  ::setenv(kStartVariable, first.c_str(), 1);
  EXPECT_FALSE(IsOverIn(run_));  // no file: nobody can tell
  ASSERT_TRUE(BeginStart(run_, first).ok());
  EXPECT_FALSE(IsOverIn(run_));
  const std::string second = NewStartName();
  EXPECT_NE(first, second);
  ASSERT_TRUE(BeginStart(run_, second).ok());
  EXPECT_TRUE(IsOverIn(run_));
}

TEST_F(StartFileTest, WhoIsNotSupervisedIsNeverOver) {
  ASSERT_TRUE(BeginStart(run_, NewStartName()).ok());
  EXPECT_FALSE(IsOverIn(run_));
}

TEST_F(StartFileTest, OnlyTheNewestStartLosesItsLock) {
  const std::string path = PathIn(run_, kLockFile);
  const std::string start = NewStartName();
  ASSERT_TRUE(BeginStart(run_, start).ok());
  {
    const auto of_a_stranger = FileLock::Take(path);
    ASSERT_TRUE(of_a_stranger.ok() && of_a_stranger->has_value());
    EXPECT_FALSE(NewestStartHoldsLock(run_));
  }
  const auto lock = FileLock::Take(path, start);
  ASSERT_TRUE(lock.ok() && lock->has_value());
  EXPECT_TRUE(NewestStartHoldsLock(run_));
  TakeLockAway(run_);
  EXPECT_FALSE(TrainerWorksIn(run_));
  const auto next = FileLock::Take(path, NewStartName());
  EXPECT_TRUE(next.ok() && next->has_value());
}

}  // namespace
}  // namespace convoy::run
