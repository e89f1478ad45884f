#include "common/base/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace convoy {
namespace {

using ::testing::HasSubstr;

class FileLockTest : public ::testing::Test {
 protected:
  FileLockTest() { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "/file_lock_test";
};

TEST_F(FileLockTest, SecondIsRefusedUntilTheFirstIsGone) {
  EXPECT_FALSE(IsLocked(path_));
  {
    absl::StatusOr<std::optional<FileLock>> first = FileLock::Take(path_);
    ASSERT_TRUE(first.ok() && first->has_value()) << first.status();
    const FileLock moved = **std::move(first);
    EXPECT_TRUE(IsLocked(path_));
    const auto second = FileLock::Take(path_);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_FALSE(second->has_value());
  }
  EXPECT_FALSE(IsLocked(path_));
  EXPECT_TRUE(FileLock::Take(path_)->has_value());
}

// An earlier version left it open to all, and whoever can open it can hold it.
TEST_F(FileLockTest, IsClosedToOthersAndStillSeenByThem) {
  std::ofstream(path_).flush();
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(::testing::TempDir().c_str(), 0711), 0);  // the stranger has to get there
  const absl::StatusOr<std::optional<FileLock>> lock = FileLock::Take(path_);
  ASSERT_TRUE(lock.ok() && lock->has_value()) << lock.status();
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    // Where this is not root the child is the owner, who may look directly.
    std::_Exit((::geteuid() != 0 || ::setuid(65534) == 0) && IsLocked(path_) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(stranger, &status, 0);
  EXPECT_EQ(status, 0);
}

// As `convoy watch` does it all the time.
TEST_F(FileLockTest, WhoeverLooksKeepsNobodyOut) {
  std::atomic<bool> done = false;
  std::thread looker([&] {
    while (!done) IsLocked(path_);
  });
  for (int i = 0; i < 2000; ++i) {
    const auto lock = FileLock::Take(path_);
    EXPECT_TRUE(lock.ok() && lock->has_value()) << lock.status();
  }
  done = true;
  looker.join();
}

TEST_F(FileLockTest, APipeKeepsNobodyWaiting) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(IsLocked(path_));
}

TEST_F(FileLockTest, FileThatCannotBeMadeIsNotTakenForLocked) {
  const absl::Status status = FileLock::Take("/dev/null/lock").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/dev/null/lock"));
}

}  // namespace
}  // namespace convoy
