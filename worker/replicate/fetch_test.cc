#include "worker/replicate/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_testing.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"
#include "tests/support/thread_ranks.h"

namespace convoy::replicate {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FetchTest : public ::testing::Test {
 protected:
  FetchTest() { fs::remove_all(root_); }
  ~FetchTest() override {
    ::unsetenv(run::kRunIdVariable);
    fs::remove_all(root_);
  }

  std::string DirectoryOf(int rank) const { return absl::StrCat(root_, "/host", rank); }
  std::string CheckpointsOf(int rank) const {
    return run::PathIn(DirectoryOf(rank), run::kCheckpoints);
  }

  // The rank's host has these checkpoints of the run `id`.
  void Have(int rank, const std::string& id, const std::vector<int64_t>& steps) {
    auto store = formats::CheckpointStore::Open(CheckpointsOf(rank), 9).value();
    for (const int64_t step : steps) {
      ASSERT_TRUE(store.Save(formats::samples::CheckpointAt(step)).ok());
    }
    if (!id.empty()) {
      ASSERT_TRUE(run::SetRunId(DirectoryOf(rank), id).ok());
    }
  }

  void Damage(int rank, int64_t step) {
    const std::string path = CheckpointsOf(rank) + "/" + formats::CheckpointFileName(step);
    std::string bytes = ReadFile(path, 1 << 20).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }

  // Returns what rank 0 says.
  absl::StatusOr<std::string> Fetch() {
    absl::StatusOr<std::string> said;
    testing::RunRanks(3, [&](comm::Communicator& comm) {
      const auto mine = FetchNewestCheckpoint(comm, DirectoryOf(comm.rank()));
      if (comm.rank() == 0) said = mine;
      if (comm.rank() != 0 && mine.ok()) {
        EXPECT_EQ(*mine, "");
      }
    });
    return said;
  }

  int64_t NewestOfRankZero() {
    std::vector<std::string> skipped;
    const auto newest = formats::LoadLatestCheckpoint(CheckpointsOf(0), &skipped);
    return newest.ok() && newest->has_value() ? (*newest)->position.global_step : 0;
  }

  const std::string root_ = absl::StrCat(::testing::TempDir(), "/fetch_", getpid());
};

TEST_F(FetchTest, NewestComesWhereverItLies) {
  Have(0, "this", {10});
  Have(1, "this", {10, 30});
  Have(2, "this", {20});
  EXPECT_THAT(Fetch().value(), HasSubstr("the checkpoint of step 30 came from "));
  EXPECT_EQ(NewestOfRankZero(), 30);
  EXPECT_EQ(Fetch().value(), "");
}

TEST_F(FetchTest, DamagedCopiesArePassedOver) {
  Have(0, "this", {10, 20});
  Have(1, "this", {10, 30});
  Have(2, "this", {20, 25});
  Damage(1, 30);
  EXPECT_THAT(Fetch().value(), HasSubstr("step 25"));
  EXPECT_EQ(NewestOfRankZero(), 25);
}

TEST_F(FetchTest, ItsOwnDamagedOneIsReplacedByTheCopy) {
  Have(0, "this", {10, 20});
  Have(1, "this", {20});
  Damage(0, 20);
  EXPECT_THAT(Fetch().value(), HasSubstr("step 20"));
  EXPECT_EQ(NewestOfRankZero(), 20);
}

TEST_F(FetchTest, OtherRunsAreNotMixedIn) {
  Have(0, "this", {10});
  Have(1, "other", {30});
  Have(2, "", {40});
  EXPECT_EQ(Fetch().value(), "");
  EXPECT_EQ(NewestOfRankZero(), 10);
}

TEST_F(FetchTest, WithoutAnIdentityRankZeroBeginsAnew) {
  Have(1, "this", {30});
  EXPECT_EQ(Fetch().value(), "");
  EXPECT_FALSE(PathExists(DirectoryOf(0)));
}

TEST_F(FetchTest, AHostThatHasNothingGoesOnWithWhatTheSupervisorNames) {
  ::setenv(run::kRunIdVariable, "this", 1);
  Have(1, "this", {30});
  EXPECT_THAT(Fetch().value(), HasSubstr("step 30"));
  EXPECT_EQ(NewestOfRankZero(), 30);
  EXPECT_EQ(run::ReadRunId(DirectoryOf(0)), "this");
}

TEST_F(FetchTest, ADirectoryOfAnotherRunIsRefused) {
  ::setenv(run::kRunIdVariable, "this", 1);
  Have(0, "other", {10});
  const auto said = Fetch();
  EXPECT_TRUE(absl::IsFailedPrecondition(said.status()));
  EXPECT_THAT(std::string(said.status().message()), HasSubstr("is of another run"));
}

// Of a size that is no multiple of four.
TEST_F(FetchTest, ACopyOfTheDataComesIfItIsWanted) {
  ::setenv(run::kRunIdVariable, "this", 1);
  Have(1, "other", {});
  Have(2, "this", {});
  const auto copy_of = [&](int rank) { return run::PathIn(DirectoryOf(rank), run::kDataCopyFile); };
  ASSERT_TRUE(WriteFileAtomically(copy_of(1), "other").ok());
  ASSERT_TRUE(WriteFileAtomically(copy_of(2), "these").ok());
  const auto fetch = [&](bool wanted) {
    std::string said;
    testing::RunRanks(3, [&](comm::Communicator& comm) {
      const auto mine = FetchDataCopy(comm, DirectoryOf(comm.rank()), wanted);
      EXPECT_TRUE(mine.ok()) << mine.status();
      if (comm.rank() == 0) said = mine.value_or("");
    });
    return said;
  };
  EXPECT_EQ(fetch(false), "");
  EXPECT_FALSE(PathExists(copy_of(0)));
  EXPECT_THAT(fetch(true), HasSubstr("a copy of the data came from "));
  EXPECT_EQ(ReadFile(copy_of(0), 10).value(), "these");
  EXPECT_EQ(fetch(true), "");  // it has one
}

}  // namespace
}  // namespace convoy::replicate
