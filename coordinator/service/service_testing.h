// The services for trainers and for people behind a real server, as their tests need them.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/formats/model_file.h"
#include "common/nn/builtin_models.h"
#include "common/nn/network.h"
#include "convoy/v1/job_service.grpc.pb.h"
#include "convoy/worker/v1/worker_service.grpc.pb.h"
#include "coordinator/server/server.h"
#include "coordinator/service/job_service.h"
#include "coordinator/service/worker_service.h"

namespace convoy::coordinator {

inline constexpr int kStepsPerEpoch = 10;
inline constexpr char kRun[] = "0123456789abcdef0123456789abcdef";
inline constexpr char kProcess[] = "11111111111111111111111111111111";
inline constexpr int kMaxWatches = 2;
inline constexpr int64_t kMaxModelBytes = 4 << 20;

inline worker::v1::RegisterJobRequest Registration() {
  worker::v1::RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id(kRun);
  request.set_process_id(kProcess);
  request.set_epochs(2);
  request.set_steps_per_epoch(kStepsPerEpoch);
  request.add_ranks()->set_host("pc");
  return request;
}

inline worker::v1::ReportProgressRequest Report(int64_t step) {
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

inline std::string ModelBytes() {
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

}  // namespace convoy::coordinator
