#include "worker/train/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <semaphore>
#include <set>
#include <thread>

#include "common/formats/checkpoint_store.h"
#include "common/formats/model_testing.h"

namespace convoy::train {
namespace {

using formats::Checkpoint;
using formats::CheckpointStore;
using formats::LoadLatestCheckpoint;
using ::testing::ElementsAre;
namespace samples = formats::samples;

std::unique_ptr<Checkpoint> At(int64_t step) {
  auto checkpoint = std::make_unique<Checkpoint>();
  checkpoint->position.global_step = step;
  return checkpoint;
}

// A save that waits until it is let go on.
class GatedSave {
 public:
  absl::Status operator()(const Checkpoint& checkpoint) {
    entered_.release();
    gate_.acquire();
    saved_.push_back(checkpoint.position.global_step);
    return absl::OkStatus();
  }
  void AwaitEntered() { entered_.acquire(); }
  void LetOneGo() { gate_.release(); }
  const std::vector<int64_t>& saved() const { return saved_; }  // after Flush

 private:
  std::counting_semaphore<> entered_{0};
  std::counting_semaphore<> gate_{0};
  std::vector<int64_t> saved_;
};

TEST(CheckpointWriterTest, SavesInOrderAndFlushWaits) {
  std::vector<int64_t> saved;
  CheckpointWriter writer([&](const Checkpoint& checkpoint) {
    saved.push_back(checkpoint.position.global_step);
    return absl::OkStatus();
  });
  for (int64_t step = 0; step < 50; ++step) ASSERT_TRUE(writer.Submit(At(step)).ok());
  ASSERT_TRUE(writer.Flush().ok());
  ASSERT_EQ(saved.size(), 50U);
  EXPECT_TRUE(std::is_sorted(saved.begin(), saved.end()));
}

TEST(CheckpointWriterTest, SubmitReturnsWhileOneIsBeingSaved) {
  GatedSave save;
  CheckpointWriter writer(std::ref(save));
  ASSERT_TRUE(writer.Submit(At(1)).ok());
  save.AwaitEntered();
  ASSERT_TRUE(writer.Submit(At(2)).ok());  // would hang here if it waited for the first
  save.LetOneGo();
  save.LetOneGo();
  ASSERT_TRUE(writer.Flush().ok());
  EXPECT_THAT(save.saved(), ElementsAre(1, 2));
}

TEST(CheckpointWriterTest, ThirdSubmitWaitsForTheFirst) {
  GatedSave save;
  CheckpointWriter writer(std::ref(save));
  ASSERT_TRUE(writer.Submit(At(1)).ok());
  save.AwaitEntered();
  ASSERT_TRUE(writer.Submit(At(2)).ok());
  std::atomic<bool> returned{false};
  std::thread third([&] {
    EXPECT_TRUE(writer.Submit(At(3)).ok());
    returned = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(returned);
  save.LetOneGo();
  third.join();
  save.LetOneGo();
  save.LetOneGo();
  ASSERT_TRUE(writer.Flush().ok());
  EXPECT_THAT(save.saved(), ElementsAre(1, 2, 3));
}

TEST(CheckpointWriterTest, FirstErrorIsReportedOnceAndLaterOnesAreSaved) {
  std::counting_semaphore<> gate(0);
  std::vector<int64_t> saved;
  CheckpointWriter writer([&](const Checkpoint& checkpoint) -> absl::Status {
    gate.acquire();
    const int64_t step = checkpoint.position.global_step;
    if (step == 1) return absl::ResourceExhaustedError("disk full");
    if (step == 2) return absl::UnavailableError("later");
    saved.push_back(step);
    return absl::OkStatus();
  });
  ASSERT_TRUE(writer.Submit(At(1)).ok());
  ASSERT_TRUE(writer.Submit(At(2)).ok());
  gate.release(2);
  EXPECT_EQ(writer.Flush(), absl::ResourceExhaustedError("disk full"));
  ASSERT_TRUE(writer.Submit(At(3)).ok()) << "the error was reported before";
  gate.release();
  EXPECT_TRUE(writer.Flush().ok());
  EXPECT_THAT(saved, ElementsAre(3));
}

TEST(CheckpointWriterTest, SubmitReportsAnEarlierErrorAndAcceptsAllTheSame) {
  std::counting_semaphore<> second(0);
  std::vector<int64_t> saved;
  CheckpointWriter writer([&](const Checkpoint& checkpoint) -> absl::Status {
    const int64_t step = checkpoint.position.global_step;
    if (step == 1) return absl::ResourceExhaustedError("disk full");
    if (step == 2) second.release();  // so the first is done with
    saved.push_back(step);
    return absl::OkStatus();
  });
  ASSERT_TRUE(writer.Submit(At(1)).ok());
  const absl::Status at_second = writer.Submit(At(2));
  second.acquire();
  const absl::Status at_third = writer.Submit(At(3));
  EXPECT_NE(at_second.ok(), at_third.ok()) << "reported once";
  EXPECT_TRUE(writer.Flush().ok());
  EXPECT_THAT(saved, ElementsAre(2, 3));
}

TEST(CheckpointWriterTest, DestructorSavesWhatIsPending) {
  std::vector<int64_t> saved;
  {
    CheckpointWriter writer([&](const Checkpoint& checkpoint) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      saved.push_back(checkpoint.position.global_step);
      return absl::OkStatus();
    });
    ASSERT_TRUE(writer.Submit(At(1)).ok());
    ASSERT_TRUE(writer.Submit(At(2)).ok());
  }
  EXPECT_THAT(saved, ElementsAre(1, 2));
}

TEST(CheckpointWriterTest, BuffersAreUsedAgainAndAreAtMostThree) {
  std::set<const Checkpoint*> seen;
  CheckpointWriter writer([](const Checkpoint&) { return absl::OkStatus(); });
  for (int64_t step = 0; step < 200; ++step) {
    auto buffer = writer.TakeBuffer();
    seen.insert(buffer.get());
    buffer->position.global_step = step;
    ASSERT_TRUE(writer.Submit(std::move(buffer)).ok());
  }
  ASSERT_TRUE(writer.Flush().ok());
  EXPECT_LE(seen.size(), 3U);
}

TEST(CheckpointWriterTest, WritesThroughAStore) {
  const std::string directory =
      ::testing::TempDir() + "/checkpoint_writer_" + std::to_string(getpid());
  std::filesystem::remove_all(directory);
  CheckpointStore store = CheckpointStore::Open(directory, 2).value();
  CheckpointWriter writer([&](const Checkpoint& checkpoint) { return store.Save(checkpoint); });
  for (int64_t step = 1; step <= 5; ++step) {
    auto buffer = writer.TakeBuffer();
    *buffer = samples::CheckpointAt(step);
    ASSERT_TRUE(writer.Submit(std::move(buffer)).ok());
  }
  ASSERT_TRUE(writer.Flush().ok());
  std::vector<std::string> skipped;
  const auto latest = LoadLatestCheckpoint(directory, &skipped);
  ASSERT_TRUE(latest.ok() && latest->has_value());
  EXPECT_EQ(samples::Encode(**latest), samples::Encode(samples::CheckpointAt(5)));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace convoy::train
