// A writer of checkpoints is killed, at random moments and at chosen ones. Whenever it dies, the
// newest checkpoint on disk is whole, of one piece, and no older than the last one it reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_testing.h"

namespace convoy::formats {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kExtraElems = 40'000;  // a file of 640 KB, so that writing takes a while

// A running crash_writer, killed at the latest when this goes.
class Victim {
 public:
  // `failpoint` is its CONVOY_FAILPOINT, "" for none.
  Victim(const std::string& directory, int keep_last, int64_t first_step,
         const std::string& failpoint) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    std::vector<std::string> args = {CRASH_WRITER, directory, std::to_string(keep_last),
                                     std::to_string(first_step), std::to_string(kExtraElems)};
    std::vector<std::string> environment = {absl::StrCat("CONVOY_FAILPOINT=", failpoint)};
    EXPECT_EQ(posix_spawn(&pid_, CRASH_WRITER, &actions, nullptr, Pointers(&args).data(),
                          Pointers(&environment).data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~Victim() {
    ::kill(pid_, SIGKILL);
    ::close(output_);
    if (!reaped_) ::waitpid(pid_, nullptr, 0);
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  void Kill() { ::kill(pid_, SIGKILL); }

  // Waits until it has reported a step.
  void AwaitReport() {
    while (text_.find('\n') == std::string::npos && ReadMore()) continue;
  }

  // Waits for its death and returns the last step that it reported, `none` if there was none.
  int64_t AwaitDeathBySigkill(int64_t none) {
    while (ReadMore()) continue;
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    reaped_ = true;
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
    const size_t end = text_.rfind('\n');
    if (end == std::string::npos) return none;
    const size_t start = end == 0 ? std::string::npos : text_.rfind('\n', end - 1);
    return std::stoll(text_.substr(start == std::string::npos ? 0 : start + 1));
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>* strings) {
    std::vector<char*> pointers;
    for (std::string& string : *strings) pointers.push_back(string.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  // Returns false at the end.
  bool ReadMore() {
    char buffer[4096];
    const ssize_t got = ::read(output_, buffer, sizeof(buffer));
    if (got > 0) text_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;  // what it wrote
  bool reaped_ = false;
};

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() : directory_(absl::StrCat(::testing::TempDir(), "/crash_test_", getpid())) {
    fs::remove_all(directory_);
  }
  ~CrashTest() override { fs::remove_all(directory_); }

  std::vector<std::string> Files(const std::string& suffix) const {
    std::vector<std::string> names;
    if (!fs::exists(directory_)) return names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(suffix)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // Returns the newest step, -1 for none, having compared all of it with what was written.
  int64_t CheckedLatestStep() const {
    std::vector<std::string> skipped;
    const auto latest = LoadLatestCheckpoint(directory_, &skipped);
    EXPECT_TRUE(latest.ok()) << latest.status();
    EXPECT_THAT(skipped, IsEmpty());
    if (!latest.ok() || !latest->has_value()) return -1;
    const int64_t step = (*latest)->position.global_step;
    EXPECT_TRUE(samples::Encode(**latest) ==
                samples::Encode(samples::LargeCheckpointAt(step, kExtraElems)))
        << "step " << step << " is not of one piece";
    return step;
  }

  // Runs a writer from step 1 until its failpoint kills it. Returns the last step it reported.
  int64_t RunInto(const std::string& failpoint) const {
    return Victim(directory_, /*keep_last=*/1, 1, failpoint).AwaitDeathBySigkill(-1);
  }

  std::string directory_;
};

TEST_F(CrashTest, KilledAtAnyMomentNothingReportedIsLost) {
  constexpr int kKills = 30;
  constexpr int kKeepLast = 2;
  std::mt19937 random(20260101);
  std::uniform_int_distribution<int> delay_us(1'000, 60'000);
  int64_t latest = -1;
  int deaths_in_writing = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Victim victim(directory_, kKeepLast, latest + 1, "");
    if (kill % 3 != 0) victim.AwaitReport();  // otherwise before the first checkpoint, too
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    victim.Kill();
    const int64_t reported = victim.AwaitDeathBySigkill(latest);
    const int64_t found = CheckedLatestStep();
    ASSERT_GE(found, reported) << "after kill " << kill;
    ASSERT_LE(found, reported + 1) << "after kill " << kill;
    deaths_in_writing += Files(".tmp").empty() ? 0 : 1;
    latest = found;
  }
  EXPECT_GT(latest, 0) << "the writer never came to write";
  RecordProperty("deaths_in_writing", deaths_in_writing);
  auto store = CheckpointStore::Open(directory_, kKeepLast);
  ASSERT_TRUE(store.ok());
  EXPECT_THAT(Files(".tmp"), IsEmpty());
  ASSERT_TRUE(store->Save(samples::LargeCheckpointAt(latest + 1, kExtraElems)).ok());
  EXPECT_EQ(Files(".convoy").size(), static_cast<size_t>(kKeepLast));
}

TEST_F(CrashTest, KilledBetweenWriteAndRenameTheOneBeforeStands) {
  EXPECT_EQ(RunInto("before_rename:3"), 2);
  EXPECT_EQ(CheckedLatestStep(), 2);
  EXPECT_EQ(Files(".tmp").size(), 1U);
}

TEST_F(CrashTest, KilledBetweenRenameAndDirectorySyncTheNewOneStands) {
  EXPECT_EQ(RunInto("after_rename:3"), 2);
  EXPECT_EQ(CheckedLatestStep(), 3);
  EXPECT_THAT(Files(".tmp"), IsEmpty());
}

TEST_F(CrashTest, KilledBeforePruningTheNextSavePrunes) {
  EXPECT_EQ(RunInto("before_prune:3:step-"), 2);
  EXPECT_EQ(CheckedLatestStep(), 3);
  EXPECT_THAT(Files(".convoy"), ElementsAre(CheckpointFileName(2), CheckpointFileName(3)));
  auto store = CheckpointStore::Open(directory_, 1);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store->Save(samples::LargeCheckpointAt(4, kExtraElems)).ok());
  EXPECT_THAT(Files(".convoy"), ElementsAre(CheckpointFileName(4)));
}

}  // namespace
}  // namespace convoy::formats
