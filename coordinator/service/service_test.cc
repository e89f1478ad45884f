// The services over real channels: JobService, WorkerService, health, tokens, limits.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/sha256.h"
#include "common/base/stopwatch.h"
#include "common/formats/model_file.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"
#include "convoy/v1/job_service.grpc.pb.h"
#include "convoy/worker/v1/worker_service.grpc.pb.h"
#include "coordinator/server/server.h"
#include "coordinator/service/job_service.h"
#include "coordinator/service/worker_service.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr int kStepsPerEpoch = 10;
constexpr char kRun[] = "0123456789abcdef0123456789abcdef";
constexpr char kProcess[] = "11111111111111111111111111111111";
constexpr int kMaxWatches = 2;
constexpr int64_t kMaxModelBytes = 4 << 20;

worker::v1::RegisterJobRequest Registration() {
  worker::v1::RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id(kRun);
  request.set_process_id(kProcess);
  request.set_epochs(2);
  request.set_steps_per_epoch(kStepsPerEpoch);
  request.add_ranks()->set_host("pc");
  return request;
}

worker::v1::ReportProgressRequest Report(int64_t step) {
  worker::v1::ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kProcess);
  request.mutable_progress()->set_step(step);
  v1::MetricSample* sample = request.add_samples();
  sample->set_scope(v1::MetricSample::STEP);
  sample->set_epoch(static_cast<int32_t>((step + kStepsPerEpoch - 1) / kStepsPerEpoch));
  sample->set_step(step);
  return request;
}

std::string ModelBytes() {
  const nn::ModelSpec spec = *nn::LoadModelSpec("notebook");
  formats::ModelFile model;
  model.model_textproto = nn::ModelSpecToText(spec);
  for (const nn::Parameter& parameter : nn::Network::Create(spec)->Parameters()) {
    model.tensors.push_back({.name = parameter.name,
                             .shape = parameter.shape,
                             .data = std::vector<float>(static_cast<size_t>(parameter.size))});
  }
  return *formats::EncodeModel(model);
}

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/service-", ::getpid());
    std::filesystem::remove_all(directory_);
    store_ = *Store::Open(directory_);
    registry_ = *JobRegistry::Open(*store_, {});
    job_service_ = std::make_unique<JobService>(*registry_, gate_);
    worker_service_ = std::make_unique<WorkerService>(*registry_, authenticator_, kMaxModelBytes);
    auto server = Server::Start({.listen = "127.0.0.1:0", .max_message_bytes = 1 << 20},
                                {job_service_.get(), worker_service_.get()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    jobs_ = v1::JobService::NewStub(channel_);
    workers_ = worker::v1::WorkerService::NewStub(channel_);
  }
  void TearDown() override {
    registry_->Stop();
    server_->Stop(absl::ZeroDuration());
    std::filesystem::remove_all(directory_);
  }

  // A context that knows the token and cannot hang.
  struct Context : grpc::ClientContext {
    explicit Context(const std::string& token = "secret") {
      if (!token.empty()) AddMetadata("authorization", "Bearer " + token);
      set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    }
  };

  void Register(int epochs = 2) {
    Context context;
    worker::v1::RegisterJobRequest request = Registration();
    request.set_epochs(epochs);
    worker::v1::RegisterJobResponse response;
    const grpc::Status status = workers_->RegisterJob(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  grpc::Status Tell(const worker::v1::ReportProgressRequest& request) {
    Context context;
    worker::v1::ReportProgressResponse response;
    return workers_->ReportProgress(&context, request, &response);
  }

  // Sends `bytes` under a header that says `header_bytes` and `header_sha256`.
  grpc::Status Publish(const std::string& bytes, int64_t header_bytes,
                       const std::string& header_sha256, int epoch = 1) {
    Context context;
    worker::v1::PublishModelResponse response;
    const auto writer = workers_->PublishModel(&context, &response);
    worker::v1::PublishModelRequest message;
    worker::v1::ModelHeader* header = message.mutable_header();
    header->set_job("jobs/lesson");
    header->set_process_id(kProcess);
    header->set_epoch(epoch);
    header->set_size_bytes(header_bytes);
    header->set_sha256(header_sha256);
    writer->Write(message);
    for (size_t begin = 0; begin < bytes.size(); begin += 1 << 18) {
      message.set_chunk(bytes.substr(begin, 1 << 18));
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  // Sends an empty request.
  static grpc::Status CallWithoutToken(grpc::GenericStub& stub, const std::string& path) {
    Context context("");
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, path, &queue);
    call->StartCall(nullptr);
    const grpc::Slice nothing("");
    grpc::Status status;
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
    queue.Next(&tag, &ok);
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
    call->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    return status;
  }

  const TokenAuthenticator authenticator_{"secret"};
  CallGate gate_{authenticator_, {.watches = kMaxWatches}};
  std::string directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobRegistry> registry_;
  std::unique_ptr<JobService> job_service_;
  std::unique_ptr<WorkerService> worker_service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<worker::v1::WorkerService::Stub> workers_;
};

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

TEST_F(ServiceTest, WatchEndsWithTheJob) {
  Register();
  Context context;
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  const auto reader = jobs_->WatchJob(&context, request);
  v1::WatchJobResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.job().state(), v1::Job::RUNNING);
  worker::v1::ReportProgressRequest end = Report(20);
  end.mutable_conclusion()->set_state(v1::Job::SUCCEEDED);
  ASSERT_TRUE(Tell(end).ok());
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.job().state(), v1::Job::SUCCEEDED);
  EXPECT_TRUE(reader->Finish().ok());
}

// A reader that reads nothing neither delays reports nor makes messages pile up: at its end it has
// far fewer to read than there were states.
TEST_F(ServiceTest, SlowWatchMissesStatesButNotTheLast) {
  constexpr int kReports = 200;
  Register(kReports / kStepsPerEpoch);
  Context context;
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  const auto reader = jobs_->WatchJob(&context, request);
  for (int step = 1; step <= kReports; ++step) {
    Context beat_context;
    worker::v1::HeartbeatRequest beat;
    beat.set_job("jobs/lesson");
    beat.set_process_id(kProcess);
    beat.mutable_progress()->set_step(step);
    worker::v1::HeartbeatResponse response;
    ASSERT_TRUE(workers_->Heartbeat(&beat_context, beat, &response).ok());
  }
  worker::v1::ReportProgressRequest end = Report(kReports);
  end.mutable_conclusion()->set_state(v1::Job::STOPPED);
  ASSERT_TRUE(Tell(end).ok());
  v1::WatchJobResponse response;
  int messages = 0;
  while (reader->Read(&response)) ++messages;
  EXPECT_LT(messages, kReports / 4);
  EXPECT_EQ(response.job().state(), v1::Job::STOPPED);
  EXPECT_EQ(response.job().step(), kReports);
}

TEST_F(ServiceTest, WatchesAreLimitedAndEndWithTheServer) {
  Register();
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  v1::WatchJobResponse response;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  for (int i = 0; i < kMaxWatches; ++i) {
    readers.push_back(jobs_->WatchJob(contexts.emplace_back(new Context).get(), request));
    ASSERT_TRUE(readers.back()->Read(&response));
  }
  Context one_more;
  const auto refused = jobs_->WatchJob(&one_more, request);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  registry_->Stop();
  for (const auto& reader : readers) {
    while (reader->Read(&response)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
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

// People's calls take every thread that gRPC has, and those that find none are refused.
TEST_F(ServiceTest, HeartbeatsAreHeardWhateverWaits) {
  Register();
  CallGate gate(authenticator_, {.watches = 1000});
  JobService watched(*registry_, gate);
  const auto crowded =
      Server::Start({.listen = "127.0.0.1:0", .max_threads = 6}, {&watched, worker_service_.get()})
          .value();
  const auto channel = grpc::CreateChannel(crowded->address(), grpc::InsecureChannelCredentials());
  const auto jobs = v1::JobService::NewStub(channel);
  v1::WatchJobRequest watch;
  watch.set_name("jobs/lesson");
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  for (int i = 0; i < 100; ++i) {
    readers.push_back(jobs->WatchJob(contexts.emplace_back(new Context).get(), watch));
  }
  Context context;
  worker::v1::HeartbeatRequest beat;
  beat.set_job("jobs/lesson");
  beat.set_process_id(kProcess);
  worker::v1::HeartbeatResponse heard;
  const grpc::Status status =
      worker::v1::WorkerService::NewStub(channel)->Heartbeat(&context, beat, &heard);
  EXPECT_TRUE(status.ok()) << status.error_message();
  // Every call has its answer before the registry stops: the job's state, or that it is refused.
  int refused = 0;
  v1::WatchJobResponse response;
  for (const auto& reader : readers) {
    if (!reader->Read(&response)) {
      refused += reader->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
    }
  }
  EXPECT_GE(refused, 90);
  EXPECT_LT(refused, 100);
  registry_->Stop();
}

// A training on the same machine must not feel how many watch it.
TEST_F(ServiceTest, TheMoreWatchTheLessOftenEachIsToldAStateButAllHearTheLast) {
  constexpr int kWatchers = 100;
  constexpr int kReports = 60;
  Register(kReports / kStepsPerEpoch);
  CallGate gate(authenticator_, {.watches = kWatchers});
  JobService watched(*registry_, gate);
  const auto server =
      Server::Start({.listen = "127.0.0.1:0", .max_threads = 2 * kWatchers}, {&watched}).value();
  const auto jobs = v1::JobService::NewStub(
      grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  v1::WatchJobRequest watch;
  watch.set_name("jobs/lesson");
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  v1::WatchJobResponse response;
  const Stopwatch stopwatch;
  for (int i = 0; i < kWatchers; ++i) {
    readers.push_back(jobs->WatchJob(contexts.emplace_back(new Context).get(), watch));
    ASSERT_TRUE(readers.back()->Read(&response));
  }
  for (int step = 1; step < kReports; ++step) {
    ASSERT_TRUE(Tell(Report(step)).ok());
    absl::SleepFor(absl::Milliseconds(10));
  }
  worker::v1::ReportProgressRequest end = Report(kReports);
  end.mutable_conclusion()->set_state(v1::Job::STOPPED);
  ASSERT_TRUE(Tell(end).ok());
  int messages = 0;
  for (const auto& reader : readers) {
    while (reader->Read(&response)) ++messages;
    EXPECT_EQ(response.job().state(), v1::Job::STOPPED);
  }
  // Twice a second each while all watch, one more at the beginning, and the last.
  EXPECT_LE(messages, kWatchers * (2 + 2 * stopwatch.Elapsed()));
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
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<worker::v1::PublishModelResponse> responses(300);
  std::vector<std::unique_ptr<grpc::ClientWriter<worker::v1::PublishModelRequest>>> writers;
  worker::v1::PublishModelRequest message;
  message.mutable_header()->set_size_bytes(kMaxModelBytes);
  for (worker::v1::PublishModelResponse& response : responses) {
    const auto& stub = stubs[writers.size() % stubs.size()];
    writers.push_back(stub->PublishModel(contexts.emplace_back(new Context).get(), &response));
    ASSERT_TRUE(writers.back()->Write(message));
  }
  // What is refused for its size is so only while there is no room for the size that it claims.
  const auto room = [this] {
    return Publish("", kMaxModelBytes, "").error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED;
  };
  while (room()) absl::SleepFor(absl::Milliseconds(10));
  for (const auto& one : contexts) one->TryCancel();
  for (const auto& writer : writers) writer->Finish();
  while (!room()) absl::SleepFor(absl::Milliseconds(10));
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
