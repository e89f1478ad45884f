#include "client/supervise/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AttemptTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    mark_ = MarkOf(directory_).value();
    ::setenv("CONVOY_HANG_SECONDS", "0.5", 1);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    chronicle_.emplace(directory_);
    attempt_.emplace(directory_, mark_, *chronicle_);
  }
  void TearDown() override {
    EXPECT_TRUE(EndMarked(mark_).ok());
    ::unsetenv("CONVOY_HANG_SECONDS");
  }

  // A shell in the place of mpirun.
  absl::StatusOr<int> Run(const std::string& script, int ranks) {
    attempt_->Begin();
    return attempt_->Run({.command = {"/bin/sh", "-c", script}, .environment = {mark_}, .log = ""},
                         ranks);
  }

  const std::string directory_ = absl::StrCat(
      testing::TempDir(), "/", testing::UnitTest::GetInstance()->current_test_info()->name());
  std::string mark_;
  std::optional<Chronicle> chronicle_;
  std::optional<Attempt> attempt_;
};

TEST_F(AttemptTest, KeepsWhatItsProcessesSayAndItsExitCode) {
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/last_words.1", "of an earlier start").ok());
  EXPECT_EQ(Run("echo noise >&2; echo 'trainer: error: no' >&2; exit 2", 0).value(), 2);
  EXPECT_EQ(attempt_->errors(), "noise\ntrainer: error: no\n");
  EXPECT_THAT(attempt_->said(), ElementsAre("trainer: error: no"));
  EXPECT_EQ(attempt_->ended_because().english, "");
  EXPECT_FALSE(PathExists(directory_ + "/last_words.1"));
  EXPECT_THAT(ReadFile(run::PathIn(directory_, run::kLauncherFile), 1 << 20).value(),
              HasSubstr("noise\n"));
}

TEST_F(AttemptTest, EndsALauncherThatHasMissedTheDeathOfARank) {
  EXPECT_EQ(Run("OMPI_COMM_WORLD_RANK=0 /bin/sleep 100 & "
                "OMPI_COMM_WORLD_RANK=1 /bin/sleep 0.1 & /bin/sleep 100",
                2)
                .value(),
            128 + SIGKILL);
  EXPECT_THAT(attempt_->ended_because().english, HasSubstr("rank 1 is gone"));
}

TEST_F(AttemptTest, ARankThatNeverCameIsMissedToo) {
  EXPECT_EQ(Run("OMPI_COMM_WORLD_RANK=1 /bin/sleep 100 & /bin/sleep 100", 2).value(),
            128 + SIGKILL);
  EXPECT_THAT(attempt_->ended_because().english, HasSubstr("rank 0 is gone"));
}

TEST_F(AttemptTest, ALauncherWhoseRanksAreThereIsLeftAlone) {
  EXPECT_EQ(
      Run("OMPI_COMM_WORLD_RANK=0 /bin/sleep 3 & OMPI_COMM_WORLD_RANK=1 /bin/sleep 3 & wait", 2)
          .value(),
      0);
  EXPECT_EQ(attempt_->ended_because().english, "");
}

TEST_F(AttemptTest, EndsAProcessThatWasStopped) {
  EXPECT_EQ(Run("OMPI_COMM_WORLD_RANK=0 /bin/sh -c 'kill -STOP $$' & wait; exit 7", 0).value(), 7);
  EXPECT_THAT(attempt_->ended_because().english, HasSubstr("rank 0 was stopped (SIGSTOP)"));
}

}  // namespace
}  // namespace convoy::client
