#include "coordinator/bridge/methods.h"

#include "convoy/v1/job_service.pb.h"
#include "convoy/v1/model_service.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "inference/grpc_service.pb.h"

namespace convoy::bridge {

const std::vector<const google::protobuf::ServiceDescriptor*>& PublicServices() {
  // By a message of each file, so that the linker takes the file in.
  static const auto& services = *new std::vector<const google::protobuf::ServiceDescriptor*>{
      v1::ListJobsRequest::descriptor()->file()->service(0),
      v1::ListModelsRequest::descriptor()->file()->service(0),
      inference::ServerLiveRequest::descriptor()->file()->service(0),
      grpc::health::v1::HealthCheckRequest::descriptor()->file()->service(0)};
  return services;
}

const google::protobuf::MethodDescriptor* FindMethod(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return nullptr;
  const std::string name = path.substr(1, slash - 1);
  for (const auto* service : PublicServices()) {
    if (service->full_name() == name) return service->FindMethodByName(path.substr(slash + 1));
  }
  return nullptr;
}

}  // namespace convoy::bridge
