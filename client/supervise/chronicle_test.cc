#include "client/supervise/chronicle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

TEST(ChronicleTest, EventsWaitForTheirFile) {
  const std::string directory = testing::TempDir() + "/chronicle";
  std::filesystem::remove_all(directory);
  Chronicle chronicle(directory);
  chronicle.Add(run::RunEventKind::kHostLost, i18n::AsItIs("pc02 is left out"));
  chronicle.Add(run::RunEventKind::kRestarted, i18n::AsItIs("a line\nof two"));
  EXPECT_TRUE(run::ReadEvents(directory).empty());
  std::filesystem::create_directories(directory);
  chronicle.WriteEvents();
  chronicle.WriteEvents();
  const std::vector<run::RunEvent> events = run::ReadEvents(directory);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].message, "pc02 is left out");
  EXPECT_EQ(events[1].message.find('\n'), std::string::npos);
  chronicle.Note({.english = "said", .shown = "dit"});
  EXPECT_THAT(ReadFile(run::PathIn(directory, run::kLogFile), 1 << 20).value(),
              testing::HasSubstr("said\n"));  // in every language
}

}  // namespace
}  // namespace convoy::client
