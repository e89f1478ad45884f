#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/http/limits.h"
#include "coordinator/http/origin.h"
#include "coordinator/http/router.h"
#include "coordinator/http/server.h"
#include "coordinator/http/static_files.h"
#include "coordinator/http/target.h"

namespace convoy::http {
namespace {

TEST(TargetTest, DecodesSegments) {
  const absl::StatusOr<Target> target = ParseTarget("/v2/models/a%20b?x=%2e");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->path, "/v2/models/a b");
  EXPECT_EQ(target->query, "x=%2e");
  EXPECT_EQ(ParseTarget("/")->path, "/");
  EXPECT_EQ(ParseTarget("/?x")->query, "x");
}

TEST(TargetTest, RefusesWhatCouldMeanAnotherPath) {
  for (const char* target :
       {"", "x", "//", "/a//b", "/a/", "/../a", "/a/..", "/./a", "/%2e%2e/a", "/%2E./a", "/a%2fb",
        "/a%5cb", "/a%00", "/a%0a", "/%", "/%4", "/%zz", "http://127.0.0.1/a", "*"}) {
    EXPECT_EQ(ParseTarget(target).status().code(), absl::StatusCode::kInvalidArgument) << target;
  }
}

TEST(OriginTest, OwnNamesAreThoseThatNobodyElseCanPointHere) {
  for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1:1", "192.168.1.7", "[::1]:80",
                           "[fe80::1]", "lab.example", "Lab.Example:8080"}) {
    EXPECT_TRUE(IsOwnHost(host, {"lab.example"})) << host;
  }
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "lab.example.evil",
        "", "[", "1.2.3", "localhost:evil", "127.0.0.1:80, evil.example",
        "127.0.0.1:80@evil.example", "[::1]evil.example", "[::1]80", "localhost:123456"}) {
    EXPECT_FALSE(IsOwnHost(host, {"lab.example"})) << host;
  }
}

TEST(OriginTest, OtherSitesAreRefused) {
  EXPECT_TRUE(CheckOrigin("127.0.0.1:8080", "", "").ok());
  EXPECT_TRUE(CheckOrigin("127.0.0.1:8080", "http://127.0.0.1:8080", "same-origin").ok());
  EXPECT_TRUE(CheckOrigin("lab.example", "https://lab.example", "").ok());
  for (const char* origin : {"null", "http://evil.example", "http://127.0.0.1:8081",
                             "127.0.0.1:8080", "ftp://127.0.0.1:8080"}) {
    EXPECT_EQ(CheckOrigin("127.0.0.1:8080", origin, "").code(), absl::StatusCode::kPermissionDenied)
        << origin;
  }
  EXPECT_FALSE(CheckOrigin("127.0.0.1:8080", "", "cross-site").ok());
}

TEST(RouterTest, TheLongestPathWins) {
  Router router;
  for (const char* path : {"/", "/v2/", "/v2", "/metrics"})
    router.Add({.path = path, .handler = {}});
  EXPECT_EQ(router.Match("/metrics")->path, "/metrics");
  EXPECT_EQ(router.Match("/v2/models")->path, "/v2/");
  EXPECT_EQ(router.Match("/v2")->path, "/v2");
  EXPECT_EQ(router.Match("/")->path, "/");
  EXPECT_EQ(router.Match("/metrics2"), nullptr);
  EXPECT_EQ(Router().Match("/"), nullptr);
}

TEST(StaticFilesTest, AcceptsGzipAsAsked) {
  for (const char* yes : {"gzip", "br, GZIP", "gzip;q=0.5", "deflate , gzip ; q=1"}) {
    EXPECT_TRUE(AcceptsGzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "identity"}) {
    EXPECT_FALSE(AcceptsGzip(no)) << no;
  }
}

class KeptReply final : public Reply {
 public:
  void Send(Response response) override { sent = std::move(response); }
  void Start(Response) override {}
  void Write(std::string, std::function<void(bool)>) override {}
  void Finish() override {}
  void OnGone(std::function<void()>) override {}
  Response sent;
};

TEST(StaticFilesTest, ServesBytesGzipAndNothingWhereItDidNotChange) {
  static constexpr StaticFile kFiles[] = {{.path = "/index.html",
                                           .content_type = "text/html",
                                           .bytes = "plain",
                                           .gzip = "packed",
                                           .etag = "\"1\""}};
  Router router;
  AddStaticFiles(kFiles, router);
  const auto get = [&](Headers headers) {
    const auto reply = std::make_shared<KeptReply>();
    router.Match("/")->handler({.method = "GET", .path = "/", .headers = std::move(headers)},
                               reply);
    return reply->sent;
  };
  EXPECT_EQ(get({}).body, "plain");
  EXPECT_EQ(get({{"Accept-Encoding", "gzip"}}).body, "packed");
  EXPECT_EQ(Find(get({{"Accept-Encoding", "gzip"}}).headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(get({{"If-None-Match", "\"1\""}}).status, 304);
  EXPECT_EQ(get({{"If-None-Match", "\"2\""}}).status, 200);
  EXPECT_NE(Find(get({}).headers, "Content-Security-Policy").find("default-src 'none'"),
            std::string_view::npos);
  ASSERT_NE(router.Match("/index.html"), nullptr);
}

TEST(ByteBudgetTest, SharesAreGivenBack) {
  ByteBudget budget(10);
  {
    ByteBudget::Share share(budget);
    EXPECT_TRUE(share.GrowTo(6));
    EXPECT_TRUE(share.GrowTo(4));
    ByteBudget::Share other(budget);
    EXPECT_FALSE(other.GrowTo(5));
    EXPECT_TRUE(other.GrowTo(4));
  }
  ByteBudget::Share share(budget);
  EXPECT_TRUE(share.GrowTo(10));
}

TEST(ServerTest, RefusesATakenPortAndABadAddress) {
  const auto server = Server::Start({.listen = "127.0.0.1:0"}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string same = "127.0.0.1:" + std::to_string((*server)->port());
  EXPECT_EQ(Server::Start({.listen = same}, {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  for (const char* listen : {"nowhere", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:"}) {
    EXPECT_EQ(Server::Start({.listen = listen}, {}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << listen;
  }
  EXPECT_EQ(Server::Start({.listen = "127.0.0.1:0", .tls_certificate = "x", .tls_key = "y"}, {})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoy::http
