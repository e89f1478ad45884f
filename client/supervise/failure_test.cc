#include "client/supervise/failure.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace convoy::client {
namespace {

// As Open MPI 4.1 writes them.
constexpr char kKilled[] = R"(
--------------------------------------------------------------------------
Primary job  terminated normally, but 1 process returned
a non-zero exit code. Per user-direction, the job has been aborted.
--------------------------------------------------------------------------
--------------------------------------------------------------------------
mpirun noticed that process rank 2 with PID 0 on node pc03 exited on signal 9 (Killed).
--------------------------------------------------------------------------
)";
constexpr char kSegmentationFault[] =
    "mpirun noticed that process rank 1 with PID 4211 on node pc02 exited on signal 11 "
    "(Segmentation fault).\n";
constexpr char kFailed[] = R"(
--------------------------------------------------------------------------
mpirun detected that one or more processes exited with non-zero status, thus causing
the job to be terminated. The first process to do so was:

  Process name: [[42344,1],1]
  Exit code:    1
--------------------------------------------------------------------------
)";

class FailureTest : public testing::Test {
 protected:
  void SetUp() override {
    run_ = testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_);
  }

  // `age`: how many seconds ago.
  void LeaveWords(int rank, const std::string& words, int age = 0) const {
    const std::string path = run_ + "/last_words." + std::to_string(rank);
    std::ofstream(path) << "2026-11-26T04:39:48Z error " << words << "\n";
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(age));
  }

  Failure Of(int code, const std::string& errors) const {
    return Explain(code, i18n::AsItIs("mpirun"), errors, said_, run_);
  }

  std::string run_;
  std::vector<std::string> said_;
};

TEST_F(FailureTest, WordsAreShownAsTheTerminalHadThem) {
  LeaveWords(1, "ABORTED: step 2: the loss is not finite\nshown: ABORTED: étape 2 : la perte");
  const Failure failure = Of(1, kFailed);
  EXPECT_EQ(failure.cause, Cause::kComputed);
  EXPECT_EQ(failure.what.english, "ABORTED: step 2: the loss is not finite");
  EXPECT_EQ(failure.what.shown, "ABORTED: étape 2 : la perte");
  // A second record is no translation of the first.
  LeaveWords(1, "bug\n2026-11-26T04:39:48Z error other");
  EXPECT_EQ(Of(1, kFailed).what.shown, "bug");
}

TEST_F(FailureTest, KilledRankIsNamedAndComesFromOutside) {
  const Failure failure = Of(137, kKilled);
  EXPECT_EQ(failure.cause, Cause::kOutside);
  EXPECT_EQ(failure.what.english, "rank 2 on pc03 was killed by SIGKILL (was the memory full?)");
}

TEST_F(FailureTest, WordsOfThoseThatFollowAreNotTheKilledRanks) {
  LeaveWords(0, "rank 0 on pc01: MPI_Barrier failed");
  EXPECT_EQ(Of(137, kKilled).what.english,
            "rank 2 on pc03 was killed by SIGKILL (was the memory full?)");
}

TEST_F(FailureTest, CrashIsToldInTheRanksOwnWords) {
  LeaveWords(0, "rank 0 on pc01: MPI_Barrier failed", /*age=*/100);
  LeaveWords(1, "rank 1 on pc02: died of SIGSEGV");
  const Failure failure = Of(139, kSegmentationFault);
  EXPECT_EQ(failure.cause, Cause::kTrainer);
  EXPECT_EQ(failure.what.english, "rank 1 on pc02: died of SIGSEGV");
}

TEST_F(FailureTest, CrashWithoutWordsIsToldByMpirun) {
  const Failure failure = Of(139, kSegmentationFault);
  EXPECT_EQ(failure.cause, Cause::kTrainer);
  EXPECT_EQ(failure.what.english, "rank 1 on pc02 was killed by SIGSEGV");
}

TEST_F(FailureTest, WhatAllRanksAgreedOnIsInTheFirstWords) {
  LeaveWords(0, "ABORTED: step 2 (epoch 1, batch 2): the loss is not finite");
  const Failure failure = Of(1, kFailed);
  EXPECT_EQ(failure.cause, Cause::kComputed);
  EXPECT_EQ(failure.what.english, "ABORTED: step 2 (epoch 1, batch 2): the loss is not finite");
}

TEST_F(FailureTest, FullDiskAndLostNetworkComeFromOutside) {
  LeaveWords(0, "RESOURCE_EXHAUSTED: cannot write runs/a: No space left on device");
  EXPECT_EQ(Of(1, kFailed).cause, Cause::kOutside);
  LeaveWords(0, "UNAVAILABLE: MPI_Alltoallv failed");
  EXPECT_EQ(Of(1, kFailed).cause, Cause::kOutside);
  LeaveWords(0, "INTERNAL: should not be");
  EXPECT_EQ(Of(1, kFailed).cause, Cause::kTrainer);
}

TEST_F(FailureTest, EarliestWordsAreTakenWhereTheFirstRankSaidNothing) {
  LeaveWords(3, "bug: check failed", /*age=*/10);
  LeaveWords(2, "rank 2 on pc03: MPI_Barrier failed");
  EXPECT_EQ(Of(1, kFailed).what.english, "bug: check failed");
}

TEST_F(FailureTest, HangIsToldByWhoNamedIt) {
  LeaveWords(0, "rank 1 on pc02 has not come to step 158: its process does not run");
  const Failure failure = Of(77, "");
  EXPECT_EQ(failure.cause, Cause::kOutside);
  EXPECT_EQ(failure.what.english,
            "rank 1 on pc02 has not come to step 158: its process does not run");
}

TEST_F(FailureTest, RankThatDoesNotSeeTheDirectoryIsHeardOnStandardError) {
  said_ = {"trainer: error: rank 0 on pc01 has not come to step 5: its process does not run"};
  const Failure failure = Of(137, "");  // mpirun waited for the frozen host and was killed
  EXPECT_EQ(failure.cause, Cause::kOutside);
  EXPECT_EQ(failure.what.english,
            "rank 0 on pc01 has not come to step 5: its process does not run");
}

TEST_F(FailureTest, LostHostComesFromOutside) {
  EXPECT_EQ(Of(205, "ORTE has lost communication with a remote daemon.").cause, Cause::kOutside);
  EXPECT_EQ(Of(205, "").what.english, "a host was lost");
}

TEST_F(FailureTest, WrongInputIsFinal) { EXPECT_EQ(Of(2, kFailed).cause, Cause::kInput); }

TEST_F(FailureTest, LauncherThatStartsNothingSaysWhy) {
  const Failure failure = Of(1, "\n-----------------\nThere are not enough slots available\n");
  EXPECT_EQ(failure.cause, Cause::kTrainer);
  EXPECT_EQ(failure.what.english,
            "mpirun ended with exit code 1: There are not enough slots available");
}

TEST_F(FailureTest, KilledLauncherIsNamed) {
  const Failure failure = Of(137, "");
  EXPECT_EQ(failure.cause, Cause::kOutside);
  EXPECT_EQ(failure.what.english, "mpirun was killed by SIGKILL (was the memory full?)");
}

}  // namespace
}  // namespace convoy::client
