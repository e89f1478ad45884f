#include "common/exports/tfjs/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/base/files.h"

namespace convoy::exports {
namespace {

bool refuse_flags = false;  // as file systems over a network do

}  // namespace
}  // namespace convoy::exports

// Stands before the C library's.
extern "C" int renameat2(int old_folder, const char* old_path, int new_folder, const char* new_path,
                         unsigned flags) noexcept {
  if (convoy::exports::refuse_flags && flags != 0) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(
      ::syscall(SYS_renameat2, old_folder, old_path, new_folder, new_path, flags));
}

namespace convoy::exports {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : parent_(::testing::TempDir() + "/folder." + std::to_string(::getpid())) {
    std::filesystem::remove_all(parent_);
    std::filesystem::create_directories(parent_);
  }
  ~FolderTest() override { std::filesystem::remove_all(parent_); }

  static std::vector<std::string> Names(const std::string& path) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  absl::Status Write(const std::vector<FolderFile>& files, const std::string& slash = "") {
    return WriteFolderAtomically(path() + slash, files,
                                 [](std::string_view name) { return name.substr(0, 1) == "o"; });
  }

  std::string path() const { return parent_ + "/model"; }

  std::string parent_;
};

TEST_F(FolderTest, HasExactlyTheFiles) {
  ASSERT_TRUE(Write({{"one", "1"}, {"other", std::string("\0", 1)}}, "/").ok());
  EXPECT_THAT(Names(parent_), UnorderedElementsAre("model"));
  EXPECT_THAT(Names(path()), UnorderedElementsAre("one", "other"));
  EXPECT_EQ(ReadFile(path() + "/other", 10).value(), std::string("\0", 1));
}

TEST_F(FolderTest, ReplacesAnEarlierOneOfItsKind) {
  ASSERT_TRUE(Write({{"old", "1"}, {"one", "1"}}).ok());
  ASSERT_TRUE(Write({{"one", "2"}}).ok());
  EXPECT_THAT(Names(path()), UnorderedElementsAre("one"));
  EXPECT_EQ(ReadFile(path() + "/one", 10).value(), "2");
  EXPECT_THAT(Names(parent_), UnorderedElementsAre("model"));
}

TEST_F(FolderTest, TakesItsNameWhereRenameHasNoFlags) {
  refuse_flags = true;
  ASSERT_TRUE(Write({{"old", "1"}, {"one", "1"}}).ok());
  ASSERT_TRUE(Write({{"one", "2"}}).ok());
  refuse_flags = false;
  EXPECT_THAT(Names(path()), UnorderedElementsAre("one"));
  EXPECT_EQ(ReadFile(path() + "/one", 10).value(), "2");
  EXPECT_THAT(Names(parent_), UnorderedElementsAre("model"));
}

TEST_F(FolderTest, LeavesAFolderWithOtherThingsAlone) {
  ASSERT_TRUE(Write({{"one", "1"}}).ok());
  ASSERT_TRUE(WriteFileAtomically(path() + "/holiday.jpg", "dear").ok());
  const absl::Status status = Write({{"one", "2"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("holds 'holiday.jpg'"));
  EXPECT_THAT(Names(path()), UnorderedElementsAre("one", "holiday.jpg"));
  EXPECT_EQ(ReadFile(path() + "/one", 10).value(), "1");
}

TEST_F(FolderTest, LeavesAFileAlone) {
  ASSERT_TRUE(WriteFileAtomically(path(), "dear").ok());
  EXPECT_EQ(Write({{"one", "2"}}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(path(), 10).value(), "dear");
}

TEST_F(FolderTest, AFailureLeavesNothingBehind) {
  EXPECT_FALSE(Write({{"one", "1"}, {"no/such/folder", "2"}}).ok());
  EXPECT_TRUE(Names(parent_).empty());
}

}  // namespace
}  // namespace convoy::exports
