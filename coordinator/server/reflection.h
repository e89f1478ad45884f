// Server reflection (grpc.reflection.v1alpha) by gRPC's callbacks. gRPC's own holds a thread as
// long as a stream is open, so a few hundred silent ones would take all threads from those who ask.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace convoy::coordinator {

struct ReflectionLimits {
  int streams = 16;  // at a time; those beyond get RESOURCE_EXHAUSTED
  std::chrono::milliseconds time = std::chrono::minutes(1);  // of one; then it is cancelled
};

// Thread-safe.
class ReflectionService final
    : public grpc::reflection::v1alpha::ServerReflection::CallbackService {
 public:
  // `names` are the services that it lists. Messages are those of the generated pool.
  ReflectionService(std::vector<std::string> names, const ReflectionLimits& limits)
      : names_(std::move(names)), limits_(limits) {}

  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override;

 private:
  class Stream;

  const std::vector<std::string> names_;
  const ReflectionLimits limits_;
  std::atomic<int> streams_{0};
};

}  // namespace convoy::coordinator
