#include "common/run/events_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

class EventsFileTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    ASSERT_TRUE(CreateDirectories(directory_).ok());
  }

  void Append(RunEventKind kind, const std::string& message) {
    const absl::Time time = absl::FromUnixMillis(1'700'000'000'123);
    ASSERT_TRUE(AppendEvent(directory_, {.time = time, .kind = kind, .message = message}).ok());
  }

  std::string directory_;
};

TEST_F(EventsFileTest, EventsComeBackInOrder) {
  Append(RunEventKind::kRestarted, "rank 1 on \"pc\\02\" was killed\x1b");
  Append(RunEventKind::kGaveUp, "enough");
  const std::vector<RunEvent> events = ReadEvents(directory_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, RunEventKind::kRestarted);
  EXPECT_EQ(events[0].message, "rank 1 on \"pc\\02\" was killed\x1b");
  EXPECT_EQ(absl::ToUnixMillis(events[0].time), 1'700'000'000'123);
  EXPECT_EQ(events[1].kind, RunEventKind::kGaveUp);
}

TEST_F(EventsFileTest, LinesThatAreNoEventsAreLeftOut) {
  const std::string path = PathIn(directory_, kEventsFile);
  ASSERT_TRUE(AppendToFile(path,
                           "\n[1]\n{\"time\":7}\n{\"time\":\"2026-01-01T00:00:00Z\",\"kind\":"
                           "\"danced\",\"message\":\"\"}\n")
                  .ok());
  Append(RunEventKind::kHostLost, "pc03 is gone");
  ASSERT_TRUE(AppendToFile(path, "{\"time\":\"2026-01-01T00:0").ok());
  const std::vector<RunEvent> events = ReadEvents(directory_);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].message, "pc03 is gone");
}

TEST_F(EventsFileTest, EventAfterOneThatWasCutOffIsWhole) {
  ASSERT_TRUE(AppendToFile(PathIn(directory_, kEventsFile), "{\"time\":\"2026-01-01T00:0").ok());
  Append(RunEventKind::kHostBack, "pc03 is back");
  Append(RunEventKind::kRestarted, "again");
  const std::vector<RunEvent> events = ReadEvents(directory_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].message, "pc03 is back");
}

TEST_F(EventsFileTest, OnlyTheNewestAreRead) {
  for (int i = 0; i < 105; ++i) Append(RunEventKind::kRestarted, std::to_string(i));
  const std::vector<RunEvent> events = ReadEvents(directory_);
  ASSERT_EQ(events.size(), 100U);
  EXPECT_EQ(events.front().message, "5");
  EXPECT_EQ(events.back().message, "104");
}

TEST_F(EventsFileTest, NoFileMeansNoEvents) { EXPECT_TRUE(ReadEvents(directory_).empty()); }

}  // namespace
}  // namespace convoy::run
