#include "common/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace convoy {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kNoLimit = uint64_t{1} << 40;

std::string TempPath(const std::string& name) {
  return ::testing::TempDir() + "/files_test_" + name;
}

int EntriesStartingWith(const std::string& prefix) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(::testing::TempDir())) {
    if (entry.path().filename().string().rfind(prefix, 0) == 0) ++count;
  }
  return count;
}

TEST(FilesTest, AtomicWriteThenReadGivesTheSameBytes) {
  const std::string path = TempPath("roundtrip");
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_EQ(ReadFile(path, kNoLimit).value(), content);
  EXPECT_EQ(EntriesStartingWith("files_test_roundtrip"), 1) << "a temporary file was left";
}

TEST(FilesTest, MissingFileIsNotFoundAndNamed) {
  const auto result = ReadFile("/nonexistent/file", kNoLimit);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("/nonexistent/file"));
}

TEST(FilesTest, DirectoryIsRefused) {
  EXPECT_EQ(ReadFile(::testing::TempDir(), kNoLimit).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FilesTest, LargerThanAllowedIsRefused) {
  const std::string path = TempPath("large");
  ASSERT_TRUE(WriteFileAtomically(path, "12345").ok());
  EXPECT_EQ(ReadFile(path, 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(ReadFile(path, 5).ok());
}

// Root could replace a device by a file.
TEST(FilesTest, WhatIsNoFileIsNotReplaced) {
  const std::string pipe = TempPath("pipe");
  const std::string link = TempPath("link_to_pipe");
  ::unlink(pipe.c_str());
  ::unlink(link.c_str());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(::symlink(pipe.c_str(), link.c_str()), 0);
  for (const std::string& path : {pipe, link}) {
    EXPECT_EQ(WriteFileAtomically(path, "x").code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReplaceFile(path, "x").code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(std::filesystem::is_fifo(path));
  }
}

TEST(FilesTest, APipeKeepsNobodyWaiting) {
  const std::string pipe = TempPath("silent_pipe");
  ::unlink(pipe.c_str());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(ReadFile(pipe, kNoLimit).ok());
  EXPECT_FALSE(AppendToFile(pipe, "x").ok());
}

TEST(FilesTest, ALinkStaysOne) {
  const std::string file = TempPath("linked");
  const std::string link = TempPath("link");
  ::unlink(link.c_str());
  ASSERT_TRUE(WriteFileAtomically(file, "old").ok());
  ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
  ASSERT_TRUE(WriteFileAtomically(link, "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(ReadFile(file, kNoLimit).value(), "new");
}

TEST(FilesTest, FullDiskIsResourceExhausted) {
  // /dev/full answers every write with ENOSPC.
  EXPECT_EQ(AppendToFile("/dev/full", "x").code(), absl::StatusCode::kResourceExhausted);
}

TEST(FilesTest, FailedWriteLeavesNothing) {
  const std::string path = TempPath("directory_in_the_way");
  ASSERT_TRUE(CreateDirectories(path + "/child").ok());
  EXPECT_FALSE(WriteFileAtomically(path, "x").ok());
  EXPECT_EQ(EntriesStartingWith("files_test_directory_in_the_way"), 1);
}

}  // namespace
}  // namespace convoy
