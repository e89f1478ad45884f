// A stream is a reactor that reads a request, answers it from protobuf's pool of generated
// messages, and reads the next; a timer ends it. v1 and v1alpha have the same messages under other
// names, so what comes by v1alpha is answered as v1 and written over.
#include "coordinator/server/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "common/rpc/call_timer.h"

namespace convoy::coordinator {
namespace {

namespace pb = google::protobuf;
// Both versions' messages are alike; this is the one that is answered in.
using Asked = grpc::reflection::v1::ServerReflectionRequest;
using Answered = grpc::reflection::v1::ServerReflectionResponse;

// protobuf looks for each part of a name that dots end, which takes seconds for 100,000 of them.
constexpr size_t kMaxRequestBytes = 2048;

const pb::DescriptorPool& Pool() { return *pb::DescriptorPool::generated_pool(); }

void SetError(grpc::StatusCode code, const char* message, Answered* response) {
  response->mutable_error_response()->set_error_code(code);
  response->mutable_error_response()->set_error_message(message);
}

void SetNotFound(Answered* response) {
  SetError(grpc::StatusCode::NOT_FOUND, "there is nothing of this name", response);
}

// Adds the file and what it imports, unless it is among those `added`.
void AddFile(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>* added,
             grpc::reflection::v1::FileDescriptorResponse* response) {
  if (!added->insert(&file).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
}

void SetFile(const pb::FileDescriptor* file, Answered* response) {
  if (file == nullptr) return SetNotFound(response);
  std::set<const pb::FileDescriptor*> added;
  AddFile(*file, &added, response->mutable_file_descriptor_response());
}

const pb::FileDescriptor* FileOf(const grpc::reflection::v1::ExtensionRequest& asked) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(asked.containing_type());
  if (type == nullptr) return nullptr;
  const auto* extension = Pool().FindExtensionByNumber(type, asked.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

void SetExtensions(const std::string& name, Answered* response) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(name);
  if (type == nullptr) return SetNotFound(response);
  std::vector<const pb::FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(name);
  for (const auto* extension : extensions) numbers->add_extension_number(extension->number());
}

Answered Answer(const Asked& request, const std::vector<std::string>& names) {
  Answered response;
  if (request.ByteSizeLong() > kMaxRequestBytes) {
    SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request is longer than any name", &response);
    return response;
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Asked::kFileByFilename:
      SetFile(Pool().FindFileByName(request.file_by_filename()), &response);
      break;
    case Asked::kFileContainingSymbol:
      SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()), &response);
      break;
    case Asked::kFileContainingExtension:
      SetFile(FileOf(request.file_containing_extension()), &response);
      break;
    case Asked::kAllExtensionNumbersOfType:
      SetExtensions(request.all_extension_numbers_of_type(), &response);
      break;
    case Asked::kListServices:
      for (const std::string& name : names) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case Asked::MESSAGE_REQUEST_NOT_SET:
      SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", &response);
  }
  return response;
}

// The same message under the other version's name.
template <typename To, typename From>
To Like(const From& from) {
  if constexpr (std::is_same_v<To, From>) {
    return from;
  } else {
    To to;
    to.ParseFromString(from.SerializeAsString());
    return to;
  }
}

std::vector<std::string> WithOwn(std::vector<std::string> names) {
  names.insert(names.end(), {ReflectionV1::Service::service_full_name(),
                             ReflectionV1Alpha::Service::service_full_name()});
  return names;
}

}  // namespace

// One caller. gRPC calls it on one thread after another; it ends itself.
template <typename Version>
class ReflectionService<Version>::Stream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  Stream(ReflectionService& service, grpc::CallbackServerContext& context)
      : service_(service), timer_(context) {
    if (service_.streams_.fetch_add(1) >= service_.limits_.streams) {
      this->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
                    absl::StrCat("reflection: this coordinator answers ", service_.limits_.streams,
                                 " at a time; try again later")});
      return;
    }
    timer_.Start(service_.limits_.time);
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    const auto request = Like<Asked>(request_);
    response_ = Like<Response>(Answer(request, service_.names_));
    this->StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    this->StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  ~Stream() override { service_.streams_.fetch_sub(1); }

  ReflectionService& service_;
  Request request_;
  Response response_;
  rpc::CallTimer timer_;
};

template <typename Version>
grpc::ServerBidiReactor<typename Version::Request, typename Version::Response>*
ReflectionService<Version>::ServerReflectionInfo(grpc::CallbackServerContext* context) {
  return new Stream(*this, *context);
}

Reflection::Reflection(const std::vector<std::string>& names, const ReflectionLimits& limits)
    : v1_(WithOwn(names), limits), v1alpha_(WithOwn(names), limits) {}

void Reflection::RegisterAt(grpc::ServerBuilder& builder) {
  builder.RegisterService(&v1_);
  builder.RegisterService(&v1alpha_);
}

}  // namespace convoy::coordinator
