#include "worker/replicate/replication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_testing.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"
#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"

namespace convoy::replicate {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Ranks as hosts, each with a directory of its own, or one that all share.
class ReplicationTest : public ::testing::Test {
 protected:
  ReplicationTest() { fs::remove_all(root_); }
  ~ReplicationTest() override { fs::remove_all(root_); }

  std::string DirectoryOf(int rank) const {
    return shared_ ? root_ + "/shared" : absl::StrCat(root_, "/host", rank, "/run");
  }
  std::string CheckpointsOf(int rank) const {
    return run::PathIn(DirectoryOf(rank), run::kCheckpoints);
  }

  // Rank 0 saves checkpoints of these steps, and has them copied.
  void Train(const std::vector<int64_t>& steps) {
    testing::RunRanks(3, [&](comm::Communicator& rank) {
      testing::SeveralHosts comm(rank);
      const std::string directory = DirectoryOf(comm.rank());
      if (comm.rank() == 0) {
        ASSERT_TRUE(CreateDirectories(directory).ok());
        ASSERT_TRUE(run::SetRunId(directory, "this").ok());
      }
      auto replication = Replication::Start(
          comm, {.run_directory = directory, .keep = 2, .on_note = [&](const std::string& line) {
                   const std::lock_guard lock(mutex_);
                   notes_.push_back(line);
                 }});
      ASSERT_TRUE(replication.ok()) << replication.status();
      if (comm.rank() != 0) return;
      auto store = formats::CheckpointStore::Open(CheckpointsOf(0), 2).value();
      for (const int64_t step : steps) {
        ASSERT_TRUE(store.Save(formats::samples::CheckpointAt(step)).ok());
        (*replication)
            ->Copy(step, absl::StrCat(store.directory(), "/", formats::CheckpointFileName(step)));
      }
    });
  }

  bool shared_ = false;
  std::mutex mutex_;
  std::vector<std::string> notes_;  // guarded by mutex_
  const std::string root_ = absl::StrCat(::testing::TempDir(), "/replication_", getpid());
};

TEST_F(ReplicationTest, TheSecondHostHasTheNewestCheckpointAsItIs) {
  Train({10, 20, 30});
  EXPECT_EQ(formats::CheckpointSteps(CheckpointsOf(1)).front(), 30);
  const std::string file = "/" + formats::CheckpointFileName(30);
  EXPECT_EQ(ReadFile(CheckpointsOf(1) + file, 1 << 20).value(),
            ReadFile(CheckpointsOf(0) + file, 1 << 20).value());
  EXPECT_EQ(run::ReadRunId(DirectoryOf(1)), "this");
  EXPECT_FALSE(PathExists(DirectoryOf(2)));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("copies of the checkpoints are kept on ")));
}

TEST_F(ReplicationTest, AnotherStartGoesOnWithTheCopies) {
  Train({10});
  Train({20, 30});
  EXPECT_EQ(formats::CheckpointSteps(CheckpointsOf(1)).front(), 30);
  EXPECT_LE(formats::CheckpointSteps(CheckpointsOf(1)).size(), 2u);
}

TEST_F(ReplicationTest, WhatIsSharedIsNotCopied) {
  shared_ = true;
  Train({10, 20});
  EXPECT_THAT(formats::CheckpointSteps(CheckpointsOf(0)), ElementsAre(20, 10));
  EXPECT_THAT(notes_, IsEmpty());
  for (const auto& entry : fs::directory_iterator(DirectoryOf(0))) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr(".seen")));
  }
}

TEST_F(ReplicationTest, AnotherRunsDirectoryIsLeftAlone) {
  for (const char* id : {"other", ""}) {
    ASSERT_TRUE(CreateDirectories(DirectoryOf(1)).ok());
    if (*id != '\0') {
      ASSERT_TRUE(run::SetRunId(DirectoryOf(1), id).ok());
    }
    ASSERT_TRUE(WriteFileAtomically(DirectoryOf(1) + "/summary.json", "{}").ok());
    notes_.clear();
    Train({10});
    EXPECT_FALSE(PathExists(CheckpointsOf(1)));
    EXPECT_EQ(run::ReadRunId(DirectoryOf(1)), id);
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("is of another run")));
    fs::remove_all(root_);
  }
}

TEST_F(ReplicationTest, ADiskThatTakesNoCopyEndsTheCopiesOnly) {
  ASSERT_TRUE(CreateDirectories(CheckpointsOf(1)).ok());
  ASSERT_TRUE(run::SetRunId(DirectoryOf(1), "this").ok());
  // In the way of the file: nobody, root neither, can put a file in a directory's place.
  ASSERT_TRUE(CreateDirectories(CheckpointsOf(1) + "/" + formats::CheckpointFileName(10)).ok());
  Train({10});
  EXPECT_EQ(formats::CheckpointSteps(CheckpointsOf(0)).front(), 10);
  ASSERT_EQ(notes_.size(), 2u);
  EXPECT_THAT(notes_[1], HasSubstr("no copies of checkpoints are kept any more"));
}

}  // namespace
}  // namespace convoy::replicate
