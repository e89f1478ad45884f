#include "coordinator/monitoring/health.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "coordinator/bridge/codes.h"
#include "grpc/health/v1/health.pb.h"

namespace convoy::monitoring {
namespace {

constexpr absl::Duration kTime = absl::Seconds(2);
constexpr char kHealth[] = "/grpc.health.v1.Health/Check";

bridge::CallOptions Soon() {
  bridge::CallOptions options;
  options.deadline = absl::Now() + kTime;
  return options;
}

http::Response Verdict(const grpc::Status& status, const std::string& bytes) {
  grpc::health::v1::HealthCheckResponse response;
  if (!status.ok()) {
    return {.status = 503,
            .body = absl::StrCat(
                "the gRPC port does not answer: ", bridge::CodeName(status.error_code()), ": ",
                status.error_message(), "\n")};
  }
  if (response.ParseFromString(bytes) &&
      response.status() == grpc::health::v1::HealthCheckResponse::SERVING) {
    return {.body = "ok\n"};
  }
  return {.status = 503, .body = "it is stopping, or the list of jobs does not answer\n"};
}

}  // namespace

HealthCheck::HealthCheck(bridge::GrpcCaller& port) : port_(port), answer_([this] { Begin(); }) {}

void HealthCheck::Begin() {
  port_.Unary(kHealth, "", Soon(), [this](const grpc::Status& status, const std::string& bytes) {
    answer_.Give(Verdict(status, bytes));
  });
}

}  // namespace convoy::monitoring
