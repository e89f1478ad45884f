#include "common/system/process_start.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace convoy {
namespace {

class ProcessStartDeathTest : public ::testing::Test {
 protected:
  ProcessStartDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Exits with the number that the first file to be opened gets.
[[noreturn]] void OpenAfterClosing(int closed) {
  ::close(closed);
  PrepareProcess();
  std::_Exit(::open("/dev/zero", O_RDONLY));
}

TEST_F(ProcessStartDeathTest, NoFileBecomesAStandardDescriptor) {
  for (int closed = 0; closed <= 1; ++closed) {
    EXPECT_EXIT(
        OpenAfterClosing(closed), [](int status) { return WEXITSTATUS(status) > 2; }, "");
  }
}

[[noreturn]] void WriteToNobody() {
  PrepareProcess();
  std::array<int, 2> ends{};
  static_cast<void>(!::pipe(ends.data()));
  ::close(ends[0]);
  const bool failed = ::write(ends[1], "x", 1) < 0 && errno == EPIPE;
  std::_Exit(failed ? 0 : 1);
}

TEST_F(ProcessStartDeathTest, PipeThatNobodyReadsIsAnError) {
  EXPECT_EXIT(WriteToNobody(), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void RaiseFromFewDescriptors() {
  const rlimit few{.rlim_cur = 32, .rlim_max = 100};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const bool raised = RaiseDescriptorLimit() == 100;
  std::_Exit(raised && ::dup2(STDOUT_FILENO, 99) == 99 ? 0 : 1);
}

TEST_F(ProcessStartDeathTest, DescriptorsAreRaisedToTheHardLimit) {
  EXPECT_EXIT(RaiseFromFewDescriptors(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace convoy
