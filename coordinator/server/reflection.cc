#include "coordinator/server/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/rpc/call_timer.h"

namespace convoy::coordinator {
namespace {

namespace pb = google::protobuf;
namespace v1alpha = grpc::reflection::v1alpha;

// protobuf looks for each part of a name that dots end, which takes seconds for 100,000 of them.
constexpr size_t kMaxRequestBytes = 2048;

const pb::DescriptorPool& Pool() { return *pb::DescriptorPool::generated_pool(); }

void SetError(grpc::StatusCode code, const char* message,
              v1alpha::ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(code);
  response->mutable_error_response()->set_error_message(message);
}

void SetNotFound(v1alpha::ServerReflectionResponse* response) {
  SetError(grpc::StatusCode::NOT_FOUND, "there is nothing of this name", response);
}

// Adds the file and what it imports, unless it is among those `added`.
void AddFile(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>* added,
             v1alpha::FileDescriptorResponse* response) {
  if (!added->insert(&file).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
}

void SetFile(const pb::FileDescriptor* file, v1alpha::ServerReflectionResponse* response) {
  if (file == nullptr) return SetNotFound(response);
  std::set<const pb::FileDescriptor*> added;
  AddFile(*file, &added, response->mutable_file_descriptor_response());
}

const pb::FileDescriptor* FileOf(const v1alpha::ExtensionRequest& asked) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(asked.containing_type());
  if (type == nullptr) return nullptr;
  const auto* extension = Pool().FindExtensionByNumber(type, asked.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

void SetExtensions(const std::string& name, v1alpha::ServerReflectionResponse* response) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(name);
  if (type == nullptr) return SetNotFound(response);
  std::vector<const pb::FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(name);
  for (const auto* extension : extensions) numbers->add_extension_number(extension->number());
}

v1alpha::ServerReflectionResponse Answer(const v1alpha::ServerReflectionRequest& request,
                                         const std::vector<std::string>& names) {
  v1alpha::ServerReflectionResponse response;
  if (request.ByteSizeLong() > kMaxRequestBytes) {
    SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request is longer than any name", &response);
    return response;
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case v1alpha::ServerReflectionRequest::kFileByFilename:
      SetFile(Pool().FindFileByName(request.file_by_filename()), &response);
      break;
    case v1alpha::ServerReflectionRequest::kFileContainingSymbol:
      SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()), &response);
      break;
    case v1alpha::ServerReflectionRequest::kFileContainingExtension:
      SetFile(FileOf(request.file_containing_extension()), &response);
      break;
    case v1alpha::ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetExtensions(request.all_extension_numbers_of_type(), &response);
      break;
    case v1alpha::ServerReflectionRequest::kListServices:
      for (const std::string& name : names) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case v1alpha::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", &response);
  }
  return response;
}

}  // namespace

// One caller. gRPC calls it on one thread after another; it ends itself.
class ReflectionService::Stream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  Stream(ReflectionService& service, grpc::CallbackServerContext& context)
      : service_(service), timer_(context) {
    if (service_.streams_.fetch_add(1) >= service_.limits_.streams) {
      Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
              absl::StrCat("reflection: this coordinator answers ", service_.limits_.streams,
                           " at a time; try again later")});
      return;
    }
    timer_.Start(service_.limits_.time);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    response_ = Answer(request_, service_.names_);
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  ~Stream() override { service_.streams_.fetch_sub(1); }

  ReflectionService& service_;
  Request request_;
  Response response_;
  rpc::CallTimer timer_;
};

grpc::ServerBidiReactor<ReflectionService::Request, ReflectionService::Response>*
ReflectionService::ServerReflectionInfo(grpc::CallbackServerContext* context) {
  return new Stream(*this, *context);
}

}  // namespace convoy::coordinator
