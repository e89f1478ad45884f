// Reflection over a real channel, by somebody who keeps streams open.
#include "coordinator/server/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <memory>

#include "convoy/v1/job_service.pb.h"
#include "coordinator/server/server.h"

namespace convoy::coordinator {
namespace {

using grpc::reflection::v1alpha::ServerReflection;
using ::testing::Contains;
using ::testing::HasSubstr;
using Request = ReflectionService::Request;
using Response = ReflectionService::Response;

constexpr char kHealthFile[] = "grpc/health/v1/health.proto";

// A stream that stays open.
struct Stream {
  explicit Stream(ServerReflection::Stub& stub) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    call = stub.ServerReflectionInfo(&context);
  }

  // Returns false where there is no answer.
  bool Ask(const Request& request) { return call->Write(request) && call->Read(&response); }

  bool AskForServices() {
    Request request;
    request.set_list_services("*");
    return Ask(request);
  }

  grpc::ClientContext context;
  Response response;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> call;
};

class ReflectionTest : public ::testing::Test {
 protected:
  void Start(const ReflectionLimits& limits) {
    auto server = Server::Start({.listen = "127.0.0.1:0", .reflection = limits}, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = ServerReflection::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  std::unique_ptr<Server> server_;
  std::unique_ptr<ServerReflection::Stub> stub_;
};

std::vector<std::string> FilesIn(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEST_F(ReflectionTest, ListsServicesAndGivesTheirFilesWithWhatTheyImport) {
  ASSERT_NE(v1::GetJobRequest::descriptor(), nullptr);  // or its file would not be linked
  Start({});
  Stream stream(*stub_);
  ASSERT_TRUE(stream.AskForServices());
  std::vector<std::string> services;
  for (const auto& service : stream.response.list_services_response().service()) {
    services.push_back(service.name());
  }
  EXPECT_THAT(services, Contains("convoy.v1.JobService"));
  EXPECT_THAT(services, Contains("grpc.health.v1.Health"));
  Request request;
  request.set_file_by_filename(kHealthFile);
  ASSERT_TRUE(stream.Ask(request));
  EXPECT_THAT(FilesIn(stream.response), Contains(kHealthFile));
  request.set_file_containing_symbol("convoy.v1.JobService.GetJob");
  ASSERT_TRUE(stream.Ask(request));
  EXPECT_THAT(FilesIn(stream.response), Contains("convoy/v1/job_service.proto"));
  EXPECT_THAT(FilesIn(stream.response), Contains("convoy/v1/job.proto"));
  request.set_all_extension_numbers_of_type("google.protobuf.FileOptions");
  ASSERT_TRUE(stream.Ask(request));
  EXPECT_TRUE(stream.response.has_all_extension_numbers_response());
}

TEST_F(ReflectionTest, WhatIsNotThereIsAnErrorInTheStream) {
  Start({});
  Stream stream(*stub_);
  const auto code_of = [&](const Request& request) {
    EXPECT_TRUE(stream.Ask(request));
    return stream.response.error_response().error_code();
  };
  Request request;
  EXPECT_EQ(code_of(request), grpc::StatusCode::INVALID_ARGUMENT);
  for (const std::string& name : {std::string(), std::string("a.b"), std::string(1000, '.')}) {
    request.set_file_by_filename(name);
    EXPECT_EQ(code_of(request), grpc::StatusCode::NOT_FOUND);
    request.set_file_containing_symbol(name);
    EXPECT_EQ(code_of(request), grpc::StatusCode::NOT_FOUND);
    request.set_all_extension_numbers_of_type(name);
    EXPECT_EQ(code_of(request), grpc::StatusCode::NOT_FOUND);
    request.mutable_file_containing_extension()->set_containing_type(name);
    EXPECT_EQ(code_of(request), grpc::StatusCode::NOT_FOUND);
  }
}

TEST_F(ReflectionTest, ALongNameIsRefusedAtOnce) {
  Start({});
  Stream stream(*stub_);
  Request request;
  request.set_file_containing_symbol(std::string(1'000'000, '.'));
  ASSERT_TRUE(stream.Ask(request));
  EXPECT_EQ(stream.response.error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ReflectionTest, StreamsBeyondTheLimitAreRefusedUntilOneEnds) {
  Start({.streams = 2});
  Stream first(*stub_);
  Stream second(*stub_);
  ASSERT_TRUE(first.AskForServices());
  ASSERT_TRUE(second.AskForServices());
  Stream third(*stub_);
  EXPECT_FALSE(third.AskForServices());
  const grpc::Status refused = third.call->Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("answers 2 at a time"));
  first.call->WritesDone();
  EXPECT_TRUE(first.call->Finish().ok());
  // The server may hear of the end a little later than the client.
  bool answered = false;
  for (int i = 0; i < 100 && !answered; ++i) answered = Stream(*stub_).AskForServices();
  EXPECT_TRUE(answered);
}

TEST_F(ReflectionTest, AStreamThatSaysNothingEndsInTime) {
  Start({.time = std::chrono::milliseconds(100)});
  Stream silent(*stub_);
  EXPECT_FALSE(silent.call->Read(&silent.response));
  EXPECT_EQ(silent.call->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace convoy::coordinator
