#include "common/run/run_id.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/base/files.h"

namespace convoy::run {
namespace {

class RunIdTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateDirectories(directory_).ok()); }
  void TearDown() override { ::unsetenv(kRunIdVariable); }
  const std::string directory_ = ::testing::TempDir() + "/run_id/" +
                                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(RunIdTest, IsSetOnce) {
  EXPECT_EQ(KnownRunId(directory_), "");
  ASSERT_TRUE(SetRunId(directory_, "one").ok());
  EXPECT_EQ(ReadRunId(directory_), "one");
  EXPECT_TRUE(SetRunId(directory_, "one").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(SetRunId(directory_, "two")));
  EXPECT_EQ(ReadRunId(directory_), "one");
}

TEST_F(RunIdTest, WhatTheSupervisorSaysIsKnownBeforeThereIsADirectory) {
  ::setenv(kRunIdVariable, "told", 1);
  EXPECT_EQ(KnownRunId(directory_ + "/none"), "told");
  EXPECT_EQ(ReadRunId(directory_ + "/none"), "");
}

}  // namespace
}  // namespace convoy::run
