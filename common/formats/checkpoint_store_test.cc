#include "common/formats/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/formats/container_layout.h"
#include "common/formats/model_testing.h"

namespace convoy::formats {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Files may not grow beyond this many bytes while it lives: the nearest to a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t num_bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit = {num_bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  struct rlimit before_ {};
};

class CheckpointStoreTest : public ::testing::Test {
 protected:
  CheckpointStoreTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(::testing::TempDir(), "/store_", test->name(), "_", getpid());
    fs::remove_all(directory_);
  }
  ~CheckpointStoreTest() override { fs::remove_all(directory_); }

  CheckpointStore Open(int keep_last) {
    return CheckpointStore::Open(directory_, keep_last).value();
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string PathOf(int64_t step) const { return directory_ + "/" + CheckpointFileName(step); }

  // Returns the step that LoadLatest gives, -1 for none.
  int64_t LatestStep(std::vector<std::string>* skipped) const {
    const auto latest = LoadLatestCheckpoint(directory_, skipped);
    EXPECT_TRUE(latest.ok()) << latest.status();
    return latest->has_value() ? (*latest)->position.global_step : -1;
  }

  std::string directory_;
  std::vector<std::string> skipped_;
};

TEST_F(CheckpointStoreTest, NothingThereIsNoCheckpoint) {
  EXPECT_EQ(LatestStep(&skipped_), -1);
  Open(3);
  EXPECT_EQ(LatestStep(&skipped_), -1);
  EXPECT_THAT(skipped_, IsEmpty());
}

TEST_F(CheckpointStoreTest, NewestComesBackWhole) {
  CheckpointStore store = Open(3);
  for (int64_t step : {9, 10, 1234567890}) {
    ASSERT_TRUE(store.Save(samples::CheckpointAt(step)).ok());
  }
  const auto latest = LoadLatestCheckpoint(directory_, &skipped_);
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(samples::Encode(**latest), samples::Encode(samples::CheckpointAt(1234567890)));
  EXPECT_THAT(Files(), ElementsAre("step-000000009.convoy", "step-000000010.convoy",
                                   "step-1234567890.convoy"));
}

TEST_F(CheckpointStoreTest, StepsAreThoseOfTheNamesNewestFirst) {
  EXPECT_THAT(CheckpointSteps(directory_ + "/none"), ElementsAre());
  CheckpointStore store = Open(3);
  for (int64_t step : {9, 10, 1234567890}) {
    ASSERT_TRUE(store.Save(samples::CheckpointAt(step)).ok());
  }
  std::ofstream(directory_ + "/step-12.convoy") << "no name of a checkpoint";
  EXPECT_THAT(CheckpointSteps(directory_), ElementsAre(1234567890, 10, 9));
}

TEST_F(CheckpointStoreTest, OnlyTheLastAreKept) {
  CheckpointStore store = Open(2);
  for (int64_t step : {5, 6, 7, 7, 8}) ASSERT_TRUE(store.Save(samples::CheckpointAt(step)).ok());
  EXPECT_THAT(Files(), ElementsAre(CheckpointFileName(7), CheckpointFileName(8)));
}

TEST_F(CheckpointStoreTest, ForeignFilesAreLeftAlone) {
  CheckpointStore store = Open(1);
  const std::vector<std::string> foreign = {"notes.txt", "step-12.convoy", "step-0000000x1.convoy",
                                            "step--00000001.convoy"};
  for (const std::string& name : foreign) {
    ASSERT_TRUE(WriteFileAtomically(directory_ + "/" + name, "x").ok());
  }
  fs::create_directory(PathOf(2));
  ASSERT_TRUE(store.Save(samples::CheckpointAt(5)).ok());
  EXPECT_EQ(LatestStep(&skipped_), 5);
  EXPECT_THAT(skipped_, IsEmpty());
  EXPECT_EQ(Files().size(), foreign.size() + 2);
}

TEST_F(CheckpointStoreTest, DamagedOnesAreSkippedWithAWord) {
  CheckpointStore store = Open(9);
  for (int64_t step : {1, 2, 3, 4}) ASSERT_TRUE(store.Save(samples::CheckpointAt(step)).ok());
  fs::resize_file(PathOf(4), 1000);
  ASSERT_TRUE(WriteFileAtomically(PathOf(3), std::string(3000, '\0')).ok());
  EXPECT_EQ(LatestStep(&skipped_), 2);
  ASSERT_EQ(skipped_.size(), 2U);
  EXPECT_THAT(skipped_[0], HasSubstr(PathOf(4) + ": is damaged: it is cut off: 1000 of "));
  EXPECT_THAT(skipped_[1], HasSubstr(PathOf(3) + ": is not a Convoy"));
}

TEST_F(CheckpointStoreTest, AllDamagedIsNoCheckpoint) {
  CheckpointStore store = Open(9);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(1)).ok());
  fs::resize_file(PathOf(1), 0);
  EXPECT_EQ(LatestStep(&skipped_), -1);
  EXPECT_EQ(skipped_.size(), 1U);
}

// As after an error of the disk: what is there is not known to be wrong.
TEST_F(CheckpointStoreTest, OneThatCannotBeReadIsNoReasonToBeginAnew) {
  CheckpointStore store = Open(9);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(1)).ok());
  ASSERT_TRUE(store.Save(samples::CheckpointAt(2)).ok());
  fs::resize_file(PathOf(2), uintmax_t{5} << 30);  // with a hole: no disk is needed
  EXPECT_EQ(LatestStep(&skipped_), 1);
  fs::resize_file(PathOf(1), 0);
  const auto latest = LoadLatestCheckpoint(directory_, &skipped_);
  EXPECT_EQ(latest.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(latest.status().message()), HasSubstr("step-000000002.convoy"));
}

TEST_F(CheckpointStoreTest, RenamedFileIsSkipped) {
  CheckpointStore store = Open(9);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(1)).ok());
  fs::copy_file(PathOf(1), PathOf(8));
  EXPECT_EQ(LatestStep(&skipped_), 1);
  ASSERT_EQ(skipped_.size(), 1U);
  EXPECT_THAT(skipped_[0], HasSubstr("holds step 1, not that of its name"));
}

TEST_F(CheckpointStoreTest, NewerFormatIsAnErrorNotSkipped) {
  CheckpointStore store = Open(9);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(1)).ok());
  std::string bytes = samples::Encode(samples::CheckpointAt(2));
  internal::Store<uint32_t>(3, bytes.data(), internal::kVersionOffset);
  const std::string_view header = std::string_view(bytes).substr(0, internal::kHeaderCrcOffset);
  internal::Store<uint32_t>(internal::Crc32(header), bytes.data(), internal::kHeaderCrcOffset);
  ASSERT_TRUE(WriteFileAtomically(PathOf(2), bytes).ok());
  const auto latest = LoadLatestCheckpoint(directory_, &skipped_);
  EXPECT_EQ(latest.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(latest.status().message()), HasSubstr("format 3"));
}

TEST_F(CheckpointStoreTest, PruningNeverRemovesTheOneJustWritten) {
  // Resumed from before a damaged checkpoint: the damaged one must not count as the newest.
  CheckpointStore store = Open(1);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(100)).ok());
  fs::resize_file(PathOf(100), 50);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(60)).ok());
  EXPECT_EQ(LatestStep(&skipped_), 60);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(70)).ok());
  EXPECT_THAT(Files(), ElementsAre(CheckpointFileName(70), CheckpointFileName(100)));
  ASSERT_TRUE(store.Save(samples::CheckpointAt(100)).ok());
  EXPECT_THAT(Files(), ElementsAre(CheckpointFileName(100)));
  skipped_.clear();
  EXPECT_EQ(LatestStep(&skipped_), 100);
  EXPECT_THAT(skipped_, IsEmpty());
}

TEST_F(CheckpointStoreTest, OpeningRemovesWhatAKilledWriterLeft) {
  Open(2);
  const std::string leftover = PathOf(3) + ".4711.tmp";
  ASSERT_TRUE(AppendToFile(leftover, "half").ok());
  EXPECT_EQ(LatestStep(&skipped_), -1);
  EXPECT_TRUE(PathExists(leftover)) << "looking must change nothing";
  Open(2);
  EXPECT_FALSE(PathExists(leftover));
}

TEST_F(CheckpointStoreTest, FullDiskLeavesTheEarlierOnes) {
  CheckpointStore store = Open(1);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(1)).ok());
  {
    const FileSizeLimit limit(1000);
    const absl::Status status = store.Save(samples::CheckpointAt(2));
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
  }
  EXPECT_THAT(Files(), ElementsAre(CheckpointFileName(1)));
  EXPECT_EQ(LatestStep(&skipped_), 1);
  ASSERT_TRUE(store.Save(samples::CheckpointAt(2)).ok());
  EXPECT_EQ(LatestStep(&skipped_), 2);
}

TEST_F(CheckpointStoreTest, InvalidCheckpointIsNotSaved) {
  CheckpointStore store = Open(1);
  Checkpoint checkpoint = samples::CheckpointAt(1);
  checkpoint.optimizer.slots[0].values.clear();
  EXPECT_EQ(store.Save(checkpoint).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(CheckpointStoreTest, BadSettingsAreRefused) {
  EXPECT_EQ(CheckpointStore::Open(directory_, 0).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(CheckpointStore::Open("/proc/nowhere", 1).ok());
}

}  // namespace
}  // namespace convoy::formats
