#include "client/process/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "common/base/files.h"

namespace convoy::client {
namespace {

using ::testing::ElementsAre;

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::minutes kLong{30};

class ChildTest : public testing::Test {
 protected:
  // Runs a shell's script to its end and returns its exit code.
  int Run(const std::string& script, int signal = 0, std::chrono::milliseconds tick = kTick) {
    const Launch launch = {.command = {"/bin/sh", "-c", script}, .environment = {"COLOUR=red"}};
    auto child = Child::Start(launch, [this](const std::string& line) { lines_.push_back(line); });
    EXPECT_TRUE(child.ok()) << child.status();
    for (;;) {
      if (const auto code = (*child)->Wait(tick)) return *code;
      if (signal != 0 && !lines_.empty()) (*child)->Signal(signal);
    }
  }

  std::vector<std::string> lines_;
};

TEST_F(ChildTest, GivesExitCodeAndLinesOfStandardError) {
  EXPECT_EQ(Run("echo first >&2; printf 'no end' >&2; exit 75"), 75);
  EXPECT_THAT(lines_, ElementsAre("first", "no end"));
}

TEST_F(ChildTest, HasTheGivenEnvironmentAndNoInput) {
  EXPECT_EQ(Run("echo $COLOUR >&2; read nothing || exit 3"), 3);
  EXPECT_THAT(lines_, ElementsAre("red"));
}

TEST_F(ChildTest, SignalThatKillsIsAnExitCodeToo) {
  EXPECT_EQ(Run("echo here >&2; while :; do /bin/sleep 0.01; done", SIGUSR1), 128 + SIGUSR1);
}

// It is heard of when it happens, however long is waited for it.
TEST_F(ChildTest, EndsThoughAnotherProcessKeepsItsStandardErrorOpen) {
  EXPECT_EQ(Run("/bin/sleep 3 & exit 0", 0, kLong), 0);
}

TEST_F(ChildTest, ClosedStandardErrorIsNotItsEnd) {
  EXPECT_EQ(Run("exec 2>&-; /bin/sleep 0.1; exit 4", 0, kLong), 4);
}

TEST_F(ChildTest, LogGetsAllThatItWrites) {
  const std::string log = ::testing::TempDir() + "/child.log";
  const Launch launch = {.command = {"/bin/sh", "-c", "echo out; echo err >&2; exit 5"},
                         .environment = {},
                         .log = log};
  const auto child = Child::Start(launch, nullptr);
  ASSERT_TRUE(child.ok()) << child.status();
  std::optional<int> code;
  while (!code) code = (*child)->Wait(kTick);
  EXPECT_EQ(code, 5);
  EXPECT_EQ(ReadFile(log, 100).value(), "out\nerr\n");
}

TEST_F(ChildTest, LogThatCannotBeWrittenIsNamed) {
  const Launch launch = {.command = {"/bin/true"}, .environment = {}, .log = "/dev/null/log"};
  EXPECT_THAT(std::string(Child::Start(launch, nullptr).status().message()),
              testing::HasSubstr("/dev/null/log"));
}

TEST_F(ChildTest, ProgramThatIsNotThereIsNamed) {
  const Launch launch = {.command = {"/no/such/program"}, .environment = {}};
  const auto child = Child::Start(launch, [](const std::string& line) {});
  EXPECT_EQ(child.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(child.status().message()), testing::HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace convoy::client
