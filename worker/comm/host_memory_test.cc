#include "worker/comm/host_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace convoy::comm {
namespace {

class HostMemoryTest : public ::testing::TestWithParam<HostMemory::Kind> {};

TEST_P(HostMemoryTest, AnotherProcessSeesTheSameBytesAndNothingIsLeft) {
  HostMemory::Name name;
  const auto memory = HostMemory::Make(GetParam(), 10000, &name);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(memory->data()[9999], 0);
  memory->data()[5000] = 7;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto same = HostMemory::Open(name, 10000);
    if (same == nullptr || same->data()[5000] != 7) std::_Exit(1);
    same->data()[9999] = 8;
    std::_Exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(memory->data()[9999], 8);
  memory->RemoveName();
  EXPECT_EQ(HostMemory::Open(name, 10000), nullptr);
  EXPECT_EQ(memory->data()[5000], 7);
}

TEST_P(HostMemoryTest, NoBytesAreNoError) {
  HostMemory::Name name;
  const auto memory = HostMemory::Make(GetParam(), 0, &name);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(memory->size(), 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, HostMemoryTest,
                         ::testing::Values(HostMemory::Kind::kAnonymous, HostMemory::Kind::kFile));

TEST(HostMemoryFileTest, WithoutADirectoryThereIsNone) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "/tmp" : before;
  ::setenv("TMPDIR", "/nonexistent", 1);
  HostMemory::Name name;
  EXPECT_EQ(HostMemory::Make(HostMemory::Kind::kFile, 1, &name), nullptr);
  EXPECT_EQ(HostMemory::Open(name, 1), nullptr);
  ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace convoy::comm
