// Server reflection by gRPC's callbacks. gRPC's own holds a thread as long as a stream is open, so
// a few hundred silent ones would take all threads from those who ask.
#pragma once

#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace convoy::coordinator {

struct ReflectionLimits {
  int streams = 16;  // at a time; those beyond get RESOURCE_EXHAUSTED
  std::chrono::milliseconds time = std::chrono::minutes(1);  // of one; then it is cancelled
};

// The two names that the service goes by; their messages are alike.
struct ReflectionV1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct ReflectionV1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

// Thread-safe.
template <typename Version>
class ReflectionService final : public Version::Service::CallbackService {
 public:
  // `names` are the services that it lists. Messages are those of the generated pool.
  ReflectionService(std::vector<std::string> names, const ReflectionLimits& limits)
      : names_(std::move(names)), limits_(limits) {}

  using Request = typename Version::Request;
  using Response = typename Version::Response;

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override;

 private:
  class Stream;

  const std::vector<std::string> names_;
  const ReflectionLimits limits_;
  std::atomic<int> streams_{0};
};

// Both versions, each with the limits.
class Reflection {
 public:
  // `names` are the services that are listed beside reflection itself.
  Reflection(const std::vector<std::string>& names, const ReflectionLimits& limits);

  // Must outlive the server.
  void RegisterAt(grpc::ServerBuilder& builder);

 private:
  ReflectionService<ReflectionV1> v1_;
  ReflectionService<ReflectionV1Alpha> v1alpha_;
};

}  // namespace convoy::coordinator
