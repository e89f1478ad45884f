#include "coordinator/store/store_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kHash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

class StoreDirectoryTest : public ::testing::Test {
 protected:
  StoreDirectoryTest() {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~StoreDirectoryTest() override { fs::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& content = "mine") {
    const std::string path = root_ + "/" + name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << content;
    return path;
  }

  // Expects that the directory is refused and that all in it stays as it was.
  void ExpectRefused(const std::string& why, absl::StatusCode code) {
    const auto before = Listing();
    const absl::Status status = Store::Open(root_).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
    EXPECT_THAT(std::string(status.message()), HasSubstr("store"));
    EXPECT_EQ(Listing(), before);
  }

  // Names, sizes and modes.
  std::vector<std::string> Listing() const {
    std::vector<std::string> entries;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      struct stat info {};
      ::lstat(entry.path().c_str(), &info);
      entries.push_back(absl::StrCat(entry.path().string(), " ", info.st_size, " ", info.st_mode));
    }
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  static mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  const std::string root_ = absl::StrCat(::testing::TempDir(), "/store-directory-", ::getpid());
};

TEST_F(StoreDirectoryTest, ForeignFilesAreRefusedAndStay) {
  Write("models/lenet5.textproto");
  ExpectRefused("holds 'models'", absl::StatusCode::kFailedPrecondition);
  Write(".git/config");
  ExpectRefused("'.git'", absl::StatusCode::kFailedPrecondition);
  ExpectRefused("empty or missing", absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreDirectoryTest, FilesThatLookLikeOursAreRefusedToo) {
  Write("lock", "4711");
  ExpectRefused("'lock'", absl::StatusCode::kFailedPrecondition);
  fs::remove(root_ + "/lock");
  fs::create_directory_symlink("/tmp", root_ + "/models");
  ExpectRefused("'models'", absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreDirectoryTest, NamesOfStrangersAreEscapedAndFew) {
  for (int i = 0; i < 9; ++i) Write(absl::StrCat("\x1b[2J", i));
  const absl::Status status = Store::Open(root_).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("'\\x1b[2J0'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("and 6 more"));
}

TEST_F(StoreDirectoryTest, AForeignDatabaseIsRefusedAndNotChanged) {
  const std::string path = root_ + "/coordinator.sqlite";
  ASSERT_TRUE(Database::Open(path)->Execute("CREATE TABLE photos(x)").ok());
  ExpectRefused("of another program", absl::StatusCode::kFailedPrecondition);
  fs::remove(path);
  ASSERT_TRUE(Database::Open(path)->Execute("CREATE TABLE jobs(x)").ok());
  ExpectRefused("of another program", absl::StatusCode::kFailedPrecondition);
  fs::remove(path);
  ASSERT_TRUE(Database::Open(path)->Execute("PRAGMA application_id=7").ok());
  ExpectRefused("of another program", absl::StatusCode::kFailedPrecondition);
  std::ofstream(path) << std::string(5000, 'x');
  ExpectRefused("no SQLite database", absl::StatusCode::kDataLoss);
}

TEST_F(StoreDirectoryTest, AFileIsNoStore) {
  const std::string path = Write("file");
  EXPECT_THAT(std::string(Store::Open(path).status().message()), HasSubstr("is no directory"));
  EXPECT_FALSE(Store::Open(path + "/below").ok());
}

TEST_F(StoreDirectoryTest, WhatAFileSystemOrAKilledStartLeavesIsEmpty) {
  fs::create_directories(root_ + "/lost+found");
  fs::create_directories(root_ + "/models");
  Write("lock", "");
  Write("coordinator.sqlite", "");
  EXPECT_TRUE(Store::Open(root_).ok());
  EXPECT_TRUE(Store::Open(root_).ok());  // its own by now
}

TEST_F(StoreDirectoryTest, AStoreOfTheFirstVersionIsKnown) {
  ASSERT_TRUE(Store::Open(root_).ok());
  ASSERT_TRUE(Database::Open(root_ + "/coordinator.sqlite")
                  ->Execute("PRAGMA application_id=0; PRAGMA user_version=1;"
                            "ALTER TABLE jobs DROP COLUMN run_key; DROP TABLE versions")
                  .ok());
  EXPECT_TRUE(Store::Open(root_).ok());
  EXPECT_EQ(*Database::Open(root_ + "/coordinator.sqlite")->QueryInt("PRAGMA application_id"),
            kApplicationId);
}

TEST_F(StoreDirectoryTest, ThroughALinkItIsTheDirectoryBehindIt) {
  const std::string link = root_ + "-link";
  fs::remove(link);
  fs::create_directory_symlink(root_, link);
  EXPECT_TRUE(Store::Open(link).ok());
  fs::remove_all(root_ + "/coordinator.sqlite");
  Write("thesis.tex");
  EXPECT_FALSE(Store::Open(link).ok());
  fs::remove(link);
}

TEST_F(StoreDirectoryTest, OnlyFilesOfModelsAreRemoved) {
  ASSERT_TRUE(Store::Open(root_).ok());
  const std::string stray = absl::StrCat("models/job-", kHash, ".convoy");
  Write(stray);
  Write(stray + ".123.tmp");
  Write("models/thesis.h5");
  Write(absl::StrCat("models/copy of job-", kHash, ".convoy"));
  Write(stray + ".bak");
  fs::create_directories(root_ + "/models/figures");
  fs::create_directories(root_ + "/" + absl::StrCat("models/j-", kHash, ".convoy/x"));
  ASSERT_TRUE(Store::Open(root_).ok());
  EXPECT_FALSE(fs::exists(root_ + "/" + stray));
  EXPECT_FALSE(fs::exists(root_ + "/" + stray + ".123.tmp"));
  EXPECT_TRUE(fs::exists(root_ + "/models/thesis.h5"));
  EXPECT_TRUE(fs::exists(root_ + "/" + stray + ".bak"));
  EXPECT_TRUE(fs::exists(absl::StrCat(root_, "/models/copy of job-", kHash, ".convoy")));
  EXPECT_TRUE(fs::exists(root_ + "/models/figures"));
  EXPECT_TRUE(fs::exists(absl::StrCat(root_, "/models/j-", kHash, ".convoy/x")));
}

TEST(ModelFileNameTest, NamesThatTheStoreGives) {
  const std::string name = absl::StrCat("job-1.b-", kHash, ".convoy");
  EXPECT_TRUE(IsModelFileName(name));
  EXPECT_TRUE(IsModelFileName(name + ".99.tmp"));
  for (const std::string& other :
       {std::string(), std::string(".tmp"), std::string("thesis.convoy"), name + ".tmp",
        name + ".9x.tmp", name + ".bak", "job" + std::string(kHash) + ".convoy",
        "-" + std::string(kHash) + ".convoy", absl::StrCat("../x-", kHash, ".convoy"),
        absl::StrCat("job-", std::string(64, 'G'), ".convoy")}) {
    EXPECT_FALSE(IsModelFileName(other)) << other;
  }
}

TEST_F(StoreDirectoryTest, IsClosedToOthersWhetherNewOrOld) {
  const std::string store = root_ + "/new/store";
  ASSERT_TRUE(Store::Open(store).ok());
  EXPECT_EQ(ModeOf(store), 0700);
  EXPECT_EQ(ModeOf(store + "/models"), 0700);
  EXPECT_EQ(ModeOf(store + "/coordinator.sqlite"), 0600);
  EXPECT_EQ(ModeOf(store + "/lock"), 0600);
  ASSERT_EQ(::chmod(store.c_str(), 0777), 0);
  ASSERT_TRUE(Store::Open(store).ok());
  EXPECT_EQ(ModeOf(store), 0700);
  ASSERT_EQ(::chmod(store.c_str(), 0750), 0);  // its group on purpose
  ASSERT_TRUE(Store::Open(store).ok());
  EXPECT_EQ(ModeOf(store), 0750);
}

}  // namespace
}  // namespace convoy::coordinator
