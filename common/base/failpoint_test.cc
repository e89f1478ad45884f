#include "common/base/failpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace convoy {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

// The setting is read once a process, so each case has a process of its own.
class FailpointDeathTest : public ::testing::Test {
 protected:
  FailpointDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void PassAll(const char* setting) {
  setenv("CONVOY_FAILPOINT", setting, 1);
  Failpoint("other", "a.json");
  Failpoint("place", "a.json");
  std::fputs("once ", stderr);
  Failpoint("place", "step-1");
  std::fputs("twice ", stderr);
  Failpoint("place", "step-2");
  std::exit(0);
}

TEST_F(FailpointDeathTest, KillsAtItsNameAlone) {
  EXPECT_EXIT(PassAll("place"), KilledBySignal(SIGKILL), "^$");
  EXPECT_EXIT(PassAll("elsewhere"), ExitedWithCode(0), "once twice");
}

TEST_F(FailpointDeathTest, CountsPassages) {
  EXPECT_EXIT(PassAll("place:2"), KilledBySignal(SIGKILL), "^once $");
  EXPECT_EXIT(PassAll("place:4"), ExitedWithCode(0), "once twice");
}

TEST_F(FailpointDeathTest, CountsOnlyWhatContainsTheText) {
  EXPECT_EXIT(PassAll("place:2:step-"), KilledBySignal(SIGKILL), "^once twice $");
}

TEST_F(FailpointDeathTest, RaisesTheSignalThatIsAskedFor) {
  setenv("CONVOY_FAILPOINT_SIGNAL", "15", 1);
  EXPECT_EXIT(PassAll("place"), KilledBySignal(SIGTERM), "^$");
  unsetenv("CONVOY_FAILPOINT_SIGNAL");
}

[[noreturn]] void PassWhileHeld() {
  const std::string file = ::testing::TempDir() + "/hold." + std::to_string(::getpid());
  std::ofstream(file).put('x');
  setenv("CONVOY_FAILPOINT_HOLD", file.c_str(), 1);
  setenv("CONVOY_FAILPOINT", "place:2", 1);
  Failpoint("place", "not held, it is the first");
  std::thread other([&] { std::filesystem::remove(file); });
  Failpoint("place", "held");
  const bool let_go_before = std::filesystem::exists(file);
  other.join();
  std::exit(let_go_before ? 1 : 0);
}

TEST_F(FailpointDeathTest, HoldsUntilTheFileIsGone) {
  EXPECT_EXIT(PassWhileHeld(), ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace convoy
