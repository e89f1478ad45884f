#include "coordinator/monitoring/health.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "convoy/v1/job_service.pb.h"
#include "coordinator/bridge/codes.h"
#include "grpc/health/v1/health.pb.h"

namespace convoy::monitoring {
namespace {

constexpr absl::Duration kTime = absl::Seconds(2);
constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kListJobs[] = "/convoy.v1.JobService/ListJobs";

bridge::CallOptions Soon() {
  bridge::CallOptions options;
  options.deadline = absl::Now() + kTime;
  return options;
}

// What the health service answers, as a status.
grpc::Status Serves(const grpc::Status& status, const std::string& bytes) {
  grpc::health::v1::HealthCheckResponse response;
  if (!status.ok()) return status;
  const bool serves = response.ParseFromString(bytes) &&
                      response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  return serves ? grpc::Status::OK : grpc::Status(grpc::UNAVAILABLE, "it is stopping");
}

}  // namespace

HealthCheck::HealthCheck(bridge::GrpcCaller& services, bridge::GrpcCaller* port)
    : services_(services), port_(port), answer_([this] { Begin(); }) {}

void HealthCheck::Begin() {
  bridge::GrpcCaller& caller = port_ == nullptr ? services_ : *port_;
  caller.Unary(kHealth, "", Soon(), [this](const grpc::Status& status, const std::string& bytes) {
    const grpc::Status serves = Serves(status, bytes);
    if (serves.ok()) return AskJobs();
    Finish(serves, "the gRPC port");
  });
}

void HealthCheck::AskJobs() {
  v1::ListJobsRequest request;
  request.set_page_size(1);
  services_.Unary(kListJobs, request.SerializeAsString(), Soon(),
                  [this](const grpc::Status& status, const std::string&) {
                    Finish(status, "the list of jobs");
                  });
}

void HealthCheck::Finish(const grpc::Status& status, const std::string& what) {
  if (status.ok()) return answer_.Give({.body = "ok\n"});
  answer_.Give(
      {.status = 503,
       .body = absl::StrCat(what, " does not answer: ", bridge::CodeName(status.error_code()), ": ",
                            status.error_message(), "\n")});
}

}  // namespace convoy::monitoring
