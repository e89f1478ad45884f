#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/bridge/codec.h"
#include "coordinator/bridge/codes.h"
#include "coordinator/bridge/methods.h"
#include "coordinator/connect/envelope.h"
#include "coordinator/connect/errors.h"

namespace convoy::connect {
namespace {

using ::testing::HasSubstr;

TEST(EnvelopeTest, HoldsAMessage) {
  const std::string envelope = Wrap(0, std::string(300, 'x'));
  EXPECT_EQ(envelope.substr(0, 5), std::string("\0\0\0\1\x2c", 5));
  EXPECT_EQ(*UnwrapOnly(envelope), std::string(300, 'x'));
  EXPECT_EQ(*UnwrapOnly(Wrap(0, "")), "");
}

TEST(EnvelopeTest, RefusesOtherBodies) {
  for (const std::string& body :
       {std::string(), std::string("\0\0\0\0", 4), Wrap(0, "x") + "y", Wrap(0, "xy").substr(0, 6),
        Wrap(0, "") + Wrap(0, ""), Wrap(kEndOfStreamFlag, "{}"), Wrap(0x80, "")}) {
    EXPECT_EQ(UnwrapOnly(body).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(UnwrapOnly(Wrap(kCompressedFlag, "x")).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(ErrorsTest, AreThoseOfTheProtocol) {
  EXPECT_THAT(ErrorJson(grpc::CANCELLED, ""), HasSubstr("\"canceled\""));
  EXPECT_EQ(bridge::HttpStatus(grpc::CANCELLED), 499);
  EXPECT_EQ(bridge::HttpStatus(grpc::UNAUTHENTICATED), 401);
  EXPECT_EQ(bridge::HttpStatus(grpc::RESOURCE_EXHAUSTED), 429);
  EXPECT_THAT(ErrorJson(static_cast<grpc::StatusCode>(99), ""), HasSubstr("\"unknown\""));
  EXPECT_EQ(ErrorJson(grpc::NOT_FOUND, "no \"x\""), R"({"code":"not_found","message":"no \"x\""})");
  EXPECT_EQ(EndOfStreamJson(grpc::Status::OK), "{}");
  EXPECT_EQ(EndOfStreamJson({grpc::UNAVAILABLE, "stops"}),
            R"({"error":{"code":"unavailable","message":"stops"}})");
  EXPECT_THAT(ErrorJson(grpc::UNKNOWN, "\xff"), HasSubstr("\xEF\xBF\xBD"));
}

TEST(MethodsTest, TrainersCallsAreNotPublic) {
  ASSERT_NE(bridge::FindMethod("/convoy.v1.JobService/WatchJob"), nullptr);
  EXPECT_TRUE(bridge::FindMethod("/convoy.v1.JobService/WatchJob")->server_streaming());
  for (const char* path : {"/convoy.worker.v1.WorkerService/Heartbeat", "/convoy.v1.JobService/X",
                           "/convoy.v1.JobService/", "/WatchJob", "WatchJob", "", "/"}) {
    EXPECT_EQ(bridge::FindMethod(path), nullptr) << path;
  }
}

TEST(CodecTest, GoesBothWaysAndNamesMistakes) {
  const auto& type = *bridge::FindMethod("/convoy.v1.JobService/GetJob")->input_type();
  const absl::StatusOr<std::string> bytes = bridge::JsonToBytes(type, R"({"name":"jobs/a"})");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bridge::BytesToJson(type, *bytes), R"({"name":"jobs/a"})");
  EXPECT_EQ(*bridge::JsonToBytes(type, ""), "");
  for (const char* json : {"{", "[]", "1", R"({"nam":"x"})", R"({"name":[1]})", "{}\n{}"}) {
    const absl::Status status = bridge::JsonToBytes(type, json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_EQ(std::string(status.message()).find('\n'), std::string::npos);
  }
  const std::string deep(100'000, '[');
  EXPECT_FALSE(bridge::JsonToBytes(type, R"({"name":)" + deep).ok());
  EXPECT_FALSE(bridge::CheckBytes(type, "\xff").ok());
}

}  // namespace
}  // namespace convoy::connect
