#include "worker/replicate/data_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"
#include "tests/support/thread_ranks.h"

namespace convoy::replicate {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DataKeeperTest : public ::testing::Test {
 protected:
  DataKeeperTest() {
    fs::remove_all(root_);
    EXPECT_TRUE(CreateDirectories(root_).ok());
  }
  ~DataKeeperTest() override { fs::remove_all(root_); }

  std::string CopyIn(const std::string& directory) const {
    return run::PathIn(directory, run::kDataCopyFile);
  }

  // Of a host that has the data or not; returns what was said.
  std::string Keep(bool has_data, int64_t num_bytes = 4) {
    std::string said;
    std::atomic<bool> asked = false;
    {
      const DataKeeper keeper(
          {.run_directory = root_,
           .file = run::kDataCopyFile,
           .num_bytes = num_bytes,
           .has_data =
               [&] {
                 asked.store(true);
                 asked.notify_all();
                 return has_data;
               },
           .write = [](const std::string& path) { return WriteFileAtomically(path, "data"); },
           .on_note = [&](const std::string& line) { said = line; }});
      asked.wait(false);  // a keeper that ends before does nothing at all
      if (!has_data && num_bytes == 4) AwaitCopy();
    }
    return said;
  }

  void AwaitCopy() const {
    while (!PathExists(CopyIn(root_))) ::usleep(1000);
  }

  const std::string root_ = absl::StrCat(::testing::TempDir(), "/data_keeper_", getpid());
};

TEST_F(DataKeeperTest, HostWithoutTheDataGetsACopy) {
  // What a trainer left that was killed while it wrote one.
  const std::string unfinished = CopyIn(root_) + ".123.tmp";
  ASSERT_TRUE(WriteFileAtomically(unfinished, "da").ok());
  EXPECT_THAT(Keep(/*has_data=*/false), HasSubstr("a copy of the data is kept on "));
  EXPECT_EQ(ReadFile(CopyIn(root_), 10).value(), "data");
  EXPECT_FALSE(PathExists(unfinished));
}

TEST_F(DataKeeperTest, HostWithTheDataGetsNone) {
  EXPECT_EQ(Keep(/*has_data=*/true), "");
  EXPECT_FALSE(PathExists(CopyIn(root_)));
}

TEST_F(DataKeeperTest, DiskWithoutRoomGetsNone) {
  // It may also end before it looks at the disk, and then says nothing.
  const std::string said = Keep(/*has_data=*/false, std::numeric_limits<int64_t>::max() / 2);
  EXPECT_TRUE(said.empty() || said.find("has room for") != std::string::npos) << said;
  EXPECT_FALSE(PathExists(CopyIn(root_)));
}

TEST_F(DataKeeperTest, AtTheEndTheRunsCopiesAreRemovedAndNoOthers) {
  const auto directory_of = [&](int rank) { return absl::StrCat(root_, "/host", rank); };
  for (int rank = 0; rank < 4; ++rank) {
    ASSERT_TRUE(CreateDirectories(directory_of(rank)).ok());
    ASSERT_TRUE(run::SetRunId(directory_of(rank), rank == 2 ? "other" : "this").ok());
    if (rank == 3) continue;  // has none
    ASSERT_TRUE(WriteFileAtomically(CopyIn(directory_of(rank)), "data").ok());
  }
  testing::RunRanks(4, [&](comm::Communicator& comm) {
    EXPECT_TRUE(RemoveDataCopies(comm, directory_of(comm.rank())).ok());
  });
  EXPECT_FALSE(PathExists(CopyIn(directory_of(0))));
  EXPECT_FALSE(PathExists(CopyIn(directory_of(1))));
  EXPECT_TRUE(PathExists(CopyIn(directory_of(2))));
}

}  // namespace
}  // namespace convoy::replicate
