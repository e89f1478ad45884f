#include "client/supervise/processes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <filesystem>
#include <thread>

#include "client/process/child.h"

namespace convoy::client {
namespace {

using std::chrono::milliseconds;

class ProcessesTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_ + "/run");
    mark_ = MarkOf(directory_ + "/run").value();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  void TearDown() override { EXPECT_TRUE(EndMarked(mark_).ok()); }

  // A shell that starts two processes, says so, and is killed: both lose their parent.
  void LeaveTwoOrphans() const {
    const Launch launch = {
        .command = {"/bin/sh", "-c",
                    "OMPI_COMM_WORLD_RANK=1 /bin/sleep 100 & /bin/sleep 100 & echo up >&2; wait"},
        .environment = {mark_}};
    bool up = false;
    auto child = Child::Start(launch, [&](const std::string& line) { up = true; });
    ASSERT_TRUE(child.ok()) << child.status();
    while (!up) ASSERT_FALSE((*child)->Wait(milliseconds(10)));
    // The variable of the first is its own only after its exec.
    while (FindMarked(mark_).size() != 3 || RanksFound() != 1) {
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

  int RanksFound() const {
    int ranks = 0;
    for (const MarkedProcess& process : FindMarked(mark_)) ranks += process.rank == "1" ? 1 : 0;
    return ranks;
  }

  std::string directory_;
  std::string mark_;
};

TEST_F(ProcessesTest, OrphansAreFoundByTheirMarkAndEnded) {
  LeaveTwoOrphans();
  EXPECT_EQ(FindMarked(mark_).size(), 2U);
  EXPECT_TRUE(EndMarked(mark_).ok());
  EXPECT_TRUE(FindMarked(mark_).empty());
}

TEST_F(ProcessesTest, StoppedProcessIsSeenAndEnded) {
  LeaveTwoOrphans();
  const pid_t pid = FindMarked(mark_).front().pid;
  ::kill(pid, SIGSTOP);
  const auto is_stopped = [&] {
    for (const MarkedProcess& process : FindMarked(mark_)) {
      if (process.pid == pid) return process.stopped;
    }
    return false;
  };
  while (!is_stopped()) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(EndMarked(mark_).ok());
  EXPECT_TRUE(FindMarked(mark_).empty());
}

TEST_F(ProcessesTest, CopyOfADirectoryHasAnotherMark) {
  std::filesystem::copy(directory_ + "/run", directory_ + "/copy");
  EXPECT_NE(MarkOf(directory_ + "/copy").value(), mark_);
  std::filesystem::create_directory_symlink(directory_ + "/run", directory_ + "/link");
  EXPECT_EQ(MarkOf(directory_ + "/link").value(), mark_);
  EXPECT_FALSE(MarkOf(directory_ + "/nothing").ok());
}

TEST_F(ProcessesTest, MarksOfOthersAreLeftAlone) {
  LeaveTwoOrphans();
  const std::string begin = mark_.substr(0, mark_.size() - 1);
  EXPECT_TRUE(EndMarked(begin).ok());
  EXPECT_TRUE(EndMarked(mark_ + "x").ok());
  EXPECT_EQ(FindMarked(mark_).size(), 2U);
}

}  // namespace
}  // namespace convoy::client
