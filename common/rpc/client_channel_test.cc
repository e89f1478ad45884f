#include "common/rpc/client_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/rpc/grpc_status.h"

namespace convoy::rpc {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(const ClientOptions& options, const std::string& words) {
  const auto channel = ClientChannel::Create(options);
  ASSERT_FALSE(channel.ok()) << words;
  EXPECT_THAT(std::string(channel.status().message()), HasSubstr(words));
}

class ClientChannelTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& content) {
    std::ofstream(directory_ + name) << content;
    return directory_ + name;
  }

  const std::string directory_ = absl::StrCat(::testing::TempDir(), "/rpc-", ::getpid(), "/");
};

TEST_F(ClientChannelTest, NamesTheFieldThatIsWrong) {
  ExpectRefused({.address = "nowhere"}, "coordinator: 'nowhere' is not HOST:PORT");
  ExpectRefused({.address = "a:0"}, "coordinator: 'a:0'");
  ExpectRefused({.address = "a:1", .tls_cert = "c"}, "`tls_cert` and `tls_key`");
  ExpectRefused({.address = "a:1", .tls_cert = "c", .tls_key = "k"}, "tls_cert: needs `tls_ca`");
  ExpectRefused({.address = "a:1", .tls_ca = directory_ + "none"}, "tls_ca: ");
  ExpectRefused({.address = "a:1", .token_file = File("empty", " \n")}, "token_file: ");
}

TEST_F(ClientChannelTest, ConnectsLater) {
  const auto channel = ClientChannel::Create(
      {.address = absl::StrCat("unix:", directory_, "s"), .token_file = File("token", "abc\n")});
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_FALSE(channel->uses_tls());
  EXPECT_EQ(channel->address(), absl::StrCat("unix:", directory_, "s"));
}

TEST_F(ClientChannelTest, NotesSecretsThatOthersCanRead) {
  const std::string token = File("token", "abc\n");
  const auto noted = [&token](int mode) {
    ::chmod(token.c_str(), static_cast<mode_t>(mode));
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(ClientChannel::Create({.address = "a:1", .token_file = token}).ok());
    return ::testing::internal::GetCapturedStderr();
  };
  for (const int mode : {0644, 0640, 0604}) {
    EXPECT_THAT(noted(mode), HasSubstr("token_file: other users of this machine can read"));
  }
  EXPECT_EQ(noted(0600), "");
  EXPECT_EQ(noted(0400), "");
}

TEST(GrpcStatusTest, GoesThereAndBack) {
  for (const absl::Status& status :
       {absl::OkStatus(), absl::NotFoundError("a"), absl::UnauthenticatedError("b"),
        absl::DataLossError("c"), absl::CancelledError("d")}) {
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  }
}

// As gRPC itself answers a request that it cannot read.
TEST(GrpcStatusTest, AnErrorWithoutAMessageIsCalledByItsCode) {
  const absl::Status status = FromGrpc(grpc::Status(grpc::StatusCode::INTERNAL, ""));
  EXPECT_EQ(status.message(), "the answer is INTERNAL, without a reason");
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(GrpcStatusTest, SendsMessagesThatArrive) {
  const grpc::Status status = ToGrpc(absl::InternalError(std::string(20'000, 'x') + "\x1b"));
  EXPECT_LE(status.error_message().size(), 1000U);
  EXPECT_EQ(ToGrpc(absl::InternalError("a\nb")).error_message(), "a\\x0ab");
}

}  // namespace
}  // namespace convoy::rpc
