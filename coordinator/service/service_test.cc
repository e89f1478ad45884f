// What trainers tell and clients ask, over a real channel.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <set>

#include "common/base/sha256.h"
#include "coordinator/service/service_testing.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

TEST_F(ServiceTest, ShowsWhatATrainerReports) {
  Register();
  ASSERT_TRUE(Tell(Report(5)).ok());
  Context get;
  v1::GetJobRequest request;
  request.set_name("jobs/lesson");
  v1::Job job;
  ASSERT_TRUE(jobs_->GetJob(&get, request, &job).ok());
  EXPECT_EQ(job.step(), 5);
  EXPECT_EQ(job.progress_percentage(), 25);
  Context list;
  v1::ListJobsResponse listed;
  ASSERT_TRUE(jobs_->ListJobs(&list, {}, &listed).ok());
  ASSERT_EQ(listed.jobs_size(), 1);
  EXPECT_EQ(listed.jobs(0).step(), 5);
  Context metrics;
  v1::ListMetricsRequest metrics_request;
  metrics_request.set_parent("jobs/lesson");
  v1::ListMetricsResponse samples;
  ASSERT_TRUE(jobs_->ListMetrics(&metrics, metrics_request, &samples).ok());
  EXPECT_EQ(samples.samples_size(), 1);
}

TEST_F(ServiceTest, ErrorsSayWhatToDo) {
  const auto get = [this](const std::string& name) {
    Context context;
    v1::GetJobRequest request;
    request.set_name(name);
    v1::Job job;
    return jobs_->GetJob(&context, request, &job);
  };
  EXPECT_EQ(get("jobs/none").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(get("../etc").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(get("x").error_message(), HasSubstr("jobs/ID"));
  Context context;
  v1::ListJobsRequest request;
  request.set_page_size(-1);
  v1::ListJobsResponse response;
  EXPECT_EQ(jobs_->ListJobs(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, OnlyTheTokenOpensWhatChangesSomething) {
  Register();
  for (const std::string token : {"", "wrong", "secre", "secretsecret"}) {
    Context cancel(token);
    v1::CancelJobRequest request;
    request.set_name("jobs/lesson");
    v1::Job job;
    EXPECT_EQ(jobs_->CancelJob(&cancel, request, &job).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    Context label(token);
    EXPECT_EQ(jobs_->UpdateJob(&label, {}, &job).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    Context beat(token);
    worker::v1::HeartbeatResponse response;
    EXPECT_EQ(workers_->Heartbeat(&beat, {}, &response).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    Context list(token);
    v1::ListJobsResponse listed;
    EXPECT_TRUE(jobs_->ListJobs(&list, {}, &listed).ok());
  }
  Context cancel;
  v1::CancelJobRequest request;
  request.set_name("jobs/lesson");
  v1::Job job;
  EXPECT_TRUE(jobs_->CancelJob(&cancel, request, &job).ok());
  EXPECT_TRUE(job.cancel_requested());
}

TEST_F(ServiceTest, LabelsAreChangedByName) {
  Register();
  v1::UpdateJobRequest request;
  request.mutable_job()->set_name("jobs/lesson");
  request.mutable_job()->mutable_labels()->set_display_name("noyaux larges");
  v1::Job job;
  Context context;
  ASSERT_TRUE(jobs_->UpdateJob(&context, request, &job).ok());
  EXPECT_EQ(job.labels().display_name(), "noyaux larges");
  EXPECT_TRUE(job.labels().has_update_time());
  request.mutable_job()->set_name("lesson");
  Context nameless;
  const grpc::Status refused = jobs_->UpdateJob(&nameless, request, &job);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message().rfind("job.name: ", 0), 0u) << refused.error_message();
}

TEST_F(ServiceTest, TakesAWholeModelAndNothingElse) {
  Register();
  const std::string bytes = ModelBytes();
  const std::string sha256 = Sha256Hex(bytes);
  const auto size = static_cast<int64_t>(bytes.size());
  const grpc::Status status = Publish(bytes, size, sha256);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto model = store_->ReadModel("lesson");
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->second, bytes);
  EXPECT_EQ(model->first.class_count(), 10);
  EXPECT_EQ(model->first.version(), "1");
  EXPECT_EQ(model->first.weights_sha256().size(), 64);

  EXPECT_EQ(Publish(bytes.substr(1000), size, sha256).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Publish(bytes + "x", size, sha256).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Publish(bytes, size, std::string(64, '0')).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(Publish("rubbish", 7, Sha256Hex("rubbish")).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Publish(bytes, kMaxModelBytes + 1, sha256).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  Context empty;
  worker::v1::PublishModelResponse response;
  const auto writer = workers_->PublishModel(&empty, &response);
  writer->WritesDone();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(store_->ReadModel("lesson")->second, bytes);
}

TEST_F(ServiceTest, TheUntrainedNetworkIsAVersionAndNotTheModel) {
  Register();
  const std::string bytes = ModelBytes();
  const auto size = static_cast<int64_t>(bytes.size());
  ASSERT_TRUE(Publish(bytes, size, Sha256Hex(bytes), /*epoch=*/0).ok());
  EXPECT_EQ(store_->GetModel("lesson").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_->Get("lesson")->model(), "");
  EXPECT_EQ(store_->ReadModel("lesson/versions/0")->second, bytes);
  ASSERT_TRUE(Publish(bytes, size, Sha256Hex(bytes), /*epoch=*/1).ok());
  EXPECT_EQ(registry_->Get("lesson")->model(), "models/lesson");
  EXPECT_EQ(store_->ListVersions("lesson")->size(), 2);
  // One that comes late, of a call that was repeated, takes nothing away.
  ASSERT_TRUE(Publish(bytes, size, Sha256Hex(bytes), /*epoch=*/0).ok());
  EXPECT_EQ(registry_->Get("lesson")->model(), "models/lesson");
  EXPECT_EQ(store_->GetModel("lesson")->version(), "1");
}

// Every method that is served, but for these, wants the token: also one that is new and that nobody
// thought of.
TEST_F(ServiceTest, WhatIsNotKnownToReadIsClosed) {
  const std::set<std::string> reading = {
      "/convoy.v1.JobService/GetJob", "/convoy.v1.JobService/ListJobs",
      "/convoy.v1.JobService/ListMetrics", "/convoy.v1.JobService/WatchJob"};
  grpc::GenericStub stub(channel_);
  for (const auto* service : {v1::ListJobsRequest::descriptor()->file()->service(0),
                              worker::v1::HeartbeatRequest::descriptor()->file()->service(0)}) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string path =
          absl::StrCat("/", service->full_name(), "/", service->method(i)->name());
      EXPECT_EQ(CallWithoutToken(stub, path).error_code() == grpc::StatusCode::UNAUTHENTICATED,
                reading.count(path) == 0)
          << path;
    }
  }
}

// Headers that claim more than there is, on several connections; nothing follows them.
TEST_F(ServiceTest, ModelsThatAreBeingReceivedHaveOneMemory) {
  Register();
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::vector<std::unique_ptr<worker::v1::WorkerService::Stub>> stubs;
  for (int i = 0; i < 2; ++i) {
    stubs.push_back(worker::v1::WorkerService::NewStub(
        grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), own)));
  }
  struct Call {
    Context context;
    worker::v1::PublishModelResponse response;
    std::unique_ptr<grpc::ClientWriter<worker::v1::PublishModelRequest>> writer;
  };
  std::vector<std::unique_ptr<Call>> calls;
  worker::v1::PublishModelRequest message;
  message.mutable_header()->set_size_bytes(kMaxModelBytes);
  const auto claim = [&] {
    Call& call = *calls.emplace_back(new Call);
    // However slow the machine is, it holds its room until it is cancelled.
    call.context.set_deadline(std::chrono::system_clock::time_point::max());
    call.writer = stubs[calls.size() % stubs.size()]->PublishModel(&call.context, &call.response);
    return call.writer->Write(message);
  };
  // What is refused for its size is so only while there is no room for the size that it claims.
  const auto room = [this] {
    return Publish("", kMaxModelBytes, "").error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED;
  };
  // One claim after another, as one that comes while `room` asks may be refused for that.
  while (room()) {
    ASSERT_LT(calls.size(), 1000);
    ASSERT_TRUE(claim());
  }
  for (const auto& call : calls) call->context.TryCancel();
  for (const auto& call : calls) call->writer->Finish();
  const absl::Time patience = absl::Now() + absl::Minutes(1);
  bool again = false;
  while (!again && absl::Now() < patience) again = room();
  EXPECT_TRUE(again);
}

TEST_F(ServiceTest, RefusesTooLargeAMessage) {
  worker::v1::RegisterJobRequest request = Registration();
  request.set_run_name(std::string(2 << 20, 'x'));
  Context context;
  worker::v1::RegisterJobResponse response;
  EXPECT_EQ(workers_->RegisterJob(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServiceTest, SaysThatItIsHealthy) {
  const auto health = grpc::health::v1::Health::NewStub(channel_);
  grpc::health::v1::HealthCheckResponse response;
  Context whole;
  ASSERT_TRUE(health->Check(&whole, {}, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  Context unknown;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("none");
  EXPECT_EQ(health->Check(&unknown, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServiceTest, TheSecondServerOnAPortIsRefused) {
  const auto second = Server::Start({.listen = server_->address()}, {job_service_.get()});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("second coordinator"));
}

}  // namespace
}  // namespace convoy::coordinator
