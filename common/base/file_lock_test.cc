#include "common/base/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
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

TEST_F(FileLockTest, FileThatCannotBeMadeIsNotTakenForLocked) {
  const absl::Status status = FileLock::Take("/dev/null/lock").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/dev/null/lock"));
}

}  // namespace
}  // namespace convoy
