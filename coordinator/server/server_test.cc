// The server as strangers meet it: connections that are too many, that never speak, that send
// bombs. The service behind it is gRPC's own health service.
#include "coordinator/server/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/address.h"
#include "common/rpc/listening_socket.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr ConnectionLimits kFew{.in_all = 6, .per_address = 4};
constexpr int kWaitMs = 20'000;

std::unique_ptr<Server> StartServer(const std::string& listen,
                                    absl::Duration handshake_time = absl::Seconds(60)) {
  auto server =
      Server::Start({.listen = listen, .connections = kFew, .handshake_time = handshake_time}, {});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

// A connection that does not speak.
rpc::Descriptor Connect(const Server& server, const char* from = "127.0.0.1") {
  rpc::Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  ::inet_pton(AF_INET, from, &name.sin_addr);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ::inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
  name.sin_port = htons(static_cast<uint16_t>(rpc::ParseAddress(server.address(), 1)->port));
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return socket;
}

// Whether the server closes the connection; it sends its own half of HTTP/2's preface before.
bool IsClosed(const rpc::Descriptor& socket, int wait_ms) {
  pollfd state{.fd = socket.get(), .events = POLLIN, .revents = 0};
  while (::poll(&state, 1, wait_ms) > 0) {
    char bytes[256];
    if (::recv(socket.get(), bytes, sizeof bytes, 0) <= 0) return true;
  }
  return false;
}

grpc::Status Check(const std::shared_ptr<grpc::Channel>& channel, const std::string& service = "",
                   grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
  grpc::ClientContext context;
  context.set_compression_algorithm(compression);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  context.set_wait_for_ready(compression == GRPC_COMPRESS_NONE);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  return grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response);
}

std::shared_ptr<grpc::Channel> NewChannel(const Server& server) {
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  own.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  own.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  return grpc::CreateCustomChannel(server.address(), grpc::InsecureChannelCredentials(), own);
}

TEST(ServerTest, ClosesTheConnectionsThatAreTooManyFromOneAddress) {
  const auto server = StartServer("127.0.0.1:0");
  std::vector<rpc::Descriptor> mine;
  for (int i = 0; i < kFew.per_address; ++i) mine.push_back(Connect(*server));
  EXPECT_TRUE(IsClosed(Connect(*server), kWaitMs));
  // Another address finds its place, until all are taken.
  const rpc::Descriptor other = Connect(*server, "127.0.0.2");
  EXPECT_FALSE(IsClosed(other, 200));
  const rpc::Descriptor last = Connect(*server, "127.0.0.3");
  EXPECT_TRUE(IsClosed(Connect(*server, "127.0.0.4"), kWaitMs));
}

TEST(ServerTest, TakesNewClientsWhenOthersHaveLeft) {
  const auto server = StartServer("127.0.0.1:0");
  for (int round = 0; round < 3; ++round) {
    std::vector<rpc::Descriptor> flood;
    for (int i = 0; i < 50; ++i) flood.push_back(Connect(*server));
    EXPECT_TRUE(IsClosed(flood.back(), kWaitMs));
    flood.clear();
    EXPECT_TRUE(Check(NewChannel(*server)).ok()) << round;
  }
}

TEST(ServerTest, SilenceAndHalfAPrefaceAreClosedInTime) {
  const auto server = StartServer("127.0.0.1:0", absl::Milliseconds(300));
  const rpc::Descriptor silent = Connect(*server);
  const rpc::Descriptor half = Connect(*server);
  ASSERT_EQ(::send(half.get(), "PRI * HTTP/2", 12, 0), 12);
  const auto client = NewChannel(*server);
  EXPECT_TRUE(Check(client).ok());
  EXPECT_TRUE(IsClosed(silent, kWaitMs));
  EXPECT_TRUE(IsClosed(half, kWaitMs));
  EXPECT_TRUE(Check(client).ok());
}

TEST(ServerTest, RefusesCompressedRequestsBeforeUnpackingThem) {
  const auto server = StartServer("127.0.0.1:0");
  const auto client = NewChannel(*server);
  ASSERT_TRUE(Check(client).ok());
  const std::string bomb(3 << 20, 'a');
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    EXPECT_EQ(Check(client, bomb, algorithm).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_TRUE(Check(client).ok());
}

TEST(ServerTest, AUnixSocketIsServedAndGoneAtTheEnd) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/server-", ::getpid());
  {
    const auto server = StartServer("unix:" + path);
    EXPECT_TRUE(Check(NewChannel(*server)).ok());
    const auto second = Server::Start({.listen = "unix:" + path}, {});
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(Check(NewChannel(*server)).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ServerTest, NamesTlsFilesThatCannotBeUsed) {
  const auto server = Server::Start(
      {.listen = "127.0.0.1:0", .tls_certificate = "no PEM", .tls_key = "neither"}, {});
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("tls_cert"));
}

}  // namespace
}  // namespace convoy::coordinator
