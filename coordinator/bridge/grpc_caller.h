// Calls of the coordinator's own gRPC services from within, so that whoever comes by HTTP meets the
// same limits, deadlines, checks and errors as one who comes by gRPC.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace convoy::bridge {

// Returns `value`, INVALID_ARGUMENT if it has characters that gRPC's metadata must not have.
absl::StatusOr<std::string> CheckedHeader(const std::string& name, std::string_view value);

struct CallOptions {
  std::string authorization;  // of CheckedHeader; "" for none
  absl::Time deadline = absl::InfiniteFuture();
};

// A call under way.
class Call {
 public:
  virtual ~Call() = default;
  virtual void Cancel() = 0;
};

// Thread-safe. All functions given are called on gRPC's threads and must not block.
class GrpcCaller {
 public:
  explicit GrpcCaller(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {}
  // Cancels what is under way and waits for its end.
  ~GrpcCaller();
  GrpcCaller(const GrpcCaller&) = delete;
  GrpcCaller& operator=(const GrpcCaller&) = delete;

  using Done = std::function<void(const grpc::Status& status, std::string response)>;

  // `method` is "/SERVICE/METHOD"; messages are protobuf's bytes.
  std::shared_ptr<Call> Unary(const std::string& method, const std::string& request,
                              const CallOptions& options, Done done);

  // Calls `message` for each one; the next is read after `next` was called, with false to end the
  // call. At last calls `done`, with an empty response.
  using Next = std::function<void(bool)>;
  using OnMessage = std::function<void(std::string message, Next next)>;
  std::shared_ptr<Call> ServerStream(const std::string& method, const std::string& request,
                                     const CallOptions& options, OnMessage message, Done done);

 private:
  class UnaryCall;
  class StreamCall;

  void Add(const std::shared_ptr<Call>& call);
  void Remove(const std::shared_ptr<Call>& call);

  grpc::GenericStub stub_;
  absl::Mutex mutex_;
  std::set<std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace convoy::bridge
