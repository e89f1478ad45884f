#include "client/supervise/claimed_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

class ClaimedDirectoryTest : public testing::Test {
 protected:
  ClaimedDirectoryTest() { std::filesystem::remove_all(path_); }
  const std::string path_ = testing::TempDir() + "/claimed/" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ClaimedDirectoryTest, OneAtATime) {
  const auto first = ClaimedDirectory::Claim(path_, false);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(std::string(ClaimedDirectory::Claim(path_, false).status().message()),
              HasSubstr("another convoy run is at work"));
  EXPECT_TRUE(PathExists(path_));
}

TEST_F(ClaimedDirectoryTest, WhatNoSupervisorHasMadeIsTakenOnRequestOnly) {
  ASSERT_TRUE(CreateDirectories(path_).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(ClaimedDirectory::Claim(path_, false).status()));
  EXPECT_TRUE(ClaimedDirectory::Claim(path_, true).ok());
  EXPECT_TRUE(ClaimedDirectory::Claim(path_, false).ok());  // it has been one's
}

TEST_F(ClaimedDirectoryTest, OnlyWhatItMadeAndNobodyTrainedInIsRemoved) {
  ClaimedDirectory::Claim(path_, false).value()->Abandon();
  EXPECT_FALSE(PathExists(path_));
  {
    const auto claimed = ClaimedDirectory::Claim(path_, false).value();
    ASSERT_TRUE(WriteFileAtomically(run::PathIn(path_, run::kSummaryFile), "{}").ok());
    claimed->Abandon();
  }
  EXPECT_TRUE(PathExists(path_));
  ClaimedDirectory::Claim(path_, false).value()->Abandon();
  EXPECT_TRUE(PathExists(path_));
}

}  // namespace
}  // namespace convoy::client
