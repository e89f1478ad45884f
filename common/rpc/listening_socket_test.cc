#include "common/rpc/listening_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"

namespace convoy::rpc {
namespace {

using ::testing::HasSubstr;

TEST(ListeningSocketTest, TellsThePortAndKeepsItForItself) {
  const absl::StatusOr<ListeningSockets> first = Listen(*ParseAddress("127.0.0.1:0", 0));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_GT(first->address.port, 0);
  const absl::Status second = Listen(first->address).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("second coordinator"));
}

TEST(ListeningSocketTest, AllAddressesOfANameHaveOnePort) {
  const absl::StatusOr<ListeningSockets> listening = Listen(*ParseAddress("localhost:0", 0));
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_FALSE(listening->sockets.empty());
}

TEST(ListeningSocketTest, AnAddressOfElsewhereIsRefused) {
  const absl::Status status = Listen(*ParseAddress("192.0.2.1:0", 0)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("192.0.2.1"));
}

class UnixSocketTest : public ::testing::Test {
 protected:
  void TearDown() override { ::unlink(path_.c_str()); }

  const std::string path_ = absl::StrCat(::testing::TempDir(), "/listening-", ::getpid());
};

TEST_F(UnixSocketTest, IsForThisUserAlone) {
  const auto listening = Listen({.host = "", .path = path_});
  ASSERT_TRUE(listening.ok()) << listening.status();
  struct stat state {};
  ASSERT_EQ(::stat(path_.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600U);
}

TEST_F(UnixSocketTest, ReplacesADeadServersButNoOthers) {
  {
    const auto listening = Listen({.host = "", .path = path_});
    ASSERT_TRUE(listening.ok());
    EXPECT_FALSE(Listen({.host = "", .path = path_}).ok());
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(Listen({.host = "", .path = path_}).ok());
}

TEST_F(UnixSocketTest, NeverReplacesAFile) {
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(Listen({.host = "", .path = path_}).ok());
  EXPECT_TRUE(std::filesystem::is_directory(path_));
  std::filesystem::remove(path_);
  const std::string too_long(200, 'x');
  EXPECT_THAT(std::string(Listen({.host = "", .path = too_long}).status().message()),
              HasSubstr("at most"));
}

}  // namespace
}  // namespace convoy::rpc
