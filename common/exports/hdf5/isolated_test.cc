#include "common/exports/hdf5/isolated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

namespace convoy::exports {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::string> Isolated(const IsolationLimits& limits,
                                     absl::FunctionRef<absl::StatusOr<std::string>()> work) {
  return RunIsolated("FILE", limits, work);
}

std::string MessageOf(const absl::StatusOr<std::string>& result) {
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss);
  return std::string(result.status().message());
}

TEST(RunIsolatedTest, ReturnsBytesOfAnyKindAndLength) {
  for (const std::string& bytes : {std::string(), std::string("\0\n\xff", 3), std::string("\n"),
                                   std::string(3'000'000, 'x')}) {
    const auto result = Isolated({}, [&bytes] { return absl::StatusOr<std::string>(bytes); });
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, bytes);
  }
}

TEST(RunIsolatedTest, ReturnsTheErrorOfTheWork) {
  const auto result = Isolated({}, []() -> absl::StatusOr<std::string> {
    return absl::InvalidArgumentError("FILE: layer 'x': no");
  });
  EXPECT_EQ(result.status(), absl::InvalidArgumentError("FILE: layer 'x': no"));
}

TEST(RunIsolatedTest, EffectsStayInTheFork) {
  int value = 1;
  const auto result = Isolated({}, [&value]() -> absl::StatusOr<std::string> {
    value = 2;
    return std::to_string(value);
  });
  EXPECT_EQ(result.value(), "2");
  EXPECT_EQ(value, 1);
}

TEST(RunIsolatedTest, ACrashIsAnErrorAndPrintsNothing) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL}) {
    ::testing::internal::CaptureStderr();
    const auto result = Isolated({}, [signal]() -> absl::StatusOr<std::string> {
      ::raise(signal);
      return "survived";
    });
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(MessageOf(result), HasSubstr("FILE: reading it crashed ("));
  }
}

TEST(RunIsolatedTest, AnExitInTheMiddleIsAnError) {
  const auto result = Isolated({}, []() -> absl::StatusOr<std::string> { ::_exit(0); });
  EXPECT_THAT(MessageOf(result), HasSubstr("FILE: reading it failed"));
}

TEST(RunIsolatedTest, WorkThatHangsIsEnded) {
  const auto result = Isolated({.seconds = 1}, []() -> absl::StatusOr<std::string> {
    for (;;) ::pause();
  });
  EXPECT_THAT(MessageOf(result), HasSubstr("reading it took too long"));
}

TEST(RunIsolatedTest, WorkThatGoesInCirclesIsEnded) {
  const auto result = Isolated({.cpu_seconds = 1}, []() -> absl::StatusOr<std::string> {
    for (;;) ::getppid();
  });
  EXPECT_THAT(MessageOf(result), HasSubstr("reading it took too long"));
}

TEST(RunIsolatedTest, MemoryIsLimited) {
  const auto result =
      Isolated({.extra_memory_bytes = 64 << 20}, []() -> absl::StatusOr<std::string> {
        // Not by new, which a sanitizer would end the program for.
        void* memory = std::malloc(size_t{4} << 30);
        const bool refused = memory == nullptr;
        std::free(memory);
        return refused ? "refused" : "given";
      });
  if (result.ok()) {
    EXPECT_EQ(*result, "refused");
  } else {
    EXPECT_THAT(MessageOf(result), HasSubstr("FILE: reading it"));
  }
}

TEST(RunIsolatedTest, TheAnswerIsLimited) {
  const auto result = Isolated({.result_bytes = 1000}, []() -> absl::StatusOr<std::string> {
    return std::string(10'000'000, 'x');
  });
  EXPECT_THAT(MessageOf(result), HasSubstr("FILE: holds more than 1000 bytes"));
}

}  // namespace
}  // namespace convoy::exports
