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

using ::testing::Contains;
using ::testing::HasSubstr;

using BothVersions = ::testing::Types<ReflectionV1, ReflectionV1Alpha>;

constexpr char kHealthFile[] = "grpc/health/v1/health.proto";

// A stream that stays open.
template <typename Version>
struct StreamOf {
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  explicit StreamOf(typename Version::Service::Stub& stub) {
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

template <typename Version>
class ReflectionTest : public ::testing::Test {
 protected:
  using Request = typename Version::Request;
  using Stream = StreamOf<Version>;

  void Start(const ReflectionLimits& limits) {
    auto server = Server::Start({.listen = "127.0.0.1:0", .reflection = limits}, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = Version::Service::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  std::unique_ptr<Server> server_;
  std::unique_ptr<typename Version::Service::Stub> stub_;
};

TYPED_TEST_SUITE(ReflectionTest, BothVersions);

template <typename Response>
std::vector<std::string> FilesIn(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TYPED_TEST(ReflectionTest, ListsServicesAndGivesTheirFilesWithWhatTheyImport) {
  ASSERT_NE(v1::GetJobRequest::descriptor(), nullptr);  // or its file would not be linked
  this->Start({});
  typename TestFixture::Stream stream(*this->stub_);
  ASSERT_TRUE(stream.AskForServices());
  std::vector<std::string> services;
  for (const auto& service : stream.response.list_services_response().service()) {
    services.push_back(service.name());
  }
  EXPECT_THAT(services, Contains("convoy.v1.JobService"));
  EXPECT_THAT(services, Contains("grpc.health.v1.Health"));
  EXPECT_THAT(services, Contains(TypeParam::Service::service_full_name()));
  typename TestFixture::Request request;
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

TYPED_TEST(ReflectionTest, WhatIsNotThereIsAnErrorInTheStream) {
  this->Start({});
  typename TestFixture::Stream stream(*this->stub_);
  const auto code_of = [&](const auto& request) {
    EXPECT_TRUE(stream.Ask(request));
    return stream.response.error_response().error_code();
  };
  typename TestFixture::Request request;
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

TYPED_TEST(ReflectionTest, ALongNameIsRefusedAtOnce) {
  this->Start({});
  typename TestFixture::Stream stream(*this->stub_);
  typename TestFixture::Request request;
  request.set_file_containing_symbol(std::string(1'000'000, '.'));
  ASSERT_TRUE(stream.Ask(request));
  EXPECT_EQ(stream.response.error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TYPED_TEST(ReflectionTest, StreamsBeyondTheLimitAreRefusedUntilOneEnds) {
  this->Start({.streams = 2});
  typename TestFixture::Stream first(*this->stub_);
  typename TestFixture::Stream second(*this->stub_);
  ASSERT_TRUE(first.AskForServices());
  ASSERT_TRUE(second.AskForServices());
  typename TestFixture::Stream third(*this->stub_);
  EXPECT_FALSE(third.AskForServices());
  const grpc::Status refused = third.call->Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("answers 2 at a time"));
  first.call->WritesDone();
  EXPECT_TRUE(first.call->Finish().ok());
  // The server may hear of the end a little later than the client.
  bool answered = false;
  for (int i = 0; i < 100 && !answered; ++i)
    answered = typename TestFixture::Stream(*this->stub_).AskForServices();
  EXPECT_TRUE(answered);
}

TYPED_TEST(ReflectionTest, AStreamThatSaysNothingEndsInTime) {
  this->Start({.time = std::chrono::milliseconds(100)});
  typename TestFixture::Stream silent(*this->stub_);
  EXPECT_FALSE(silent.call->Read(&silent.response));
  EXPECT_EQ(silent.call->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace convoy::coordinator
