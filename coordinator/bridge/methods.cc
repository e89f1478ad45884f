#include "coordinator/bridge/methods.h"

#include <algorithm>

#include "convoy/v1/job_service.grpc.pb.h"
#include "convoy/v1/model_service.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "inference/grpc_service.grpc.pb.h"

namespace convoy::bridge {

const std::vector<std::string>& PublicServices() {
  static const auto& services = *new std::vector<std::string>{
      v1::JobService::service_full_name(), v1::ModelService::service_full_name(),
      inference::GRPCInferenceService::service_full_name(),
      grpc::health::v1::Health::service_full_name()};
  return services;
}

const google::protobuf::MethodDescriptor* FindMethod(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return nullptr;
  const std::string service_name = path.substr(1, slash - 1);
  const std::vector<std::string>& services = PublicServices();
  if (std::find(services.begin(), services.end(), service_name) == services.end()) return nullptr;
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service_name);
  return service == nullptr ? nullptr : service->FindMethodByName(path.substr(slash + 1));
}

}  // namespace convoy::bridge
