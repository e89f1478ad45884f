#include "common/base/failpoint.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

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

}  // namespace
}  // namespace convoy
