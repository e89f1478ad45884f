// grpc::GenericStub moves bytes without knowing their types; its callback interface needs no thread
// a call. A call lives in `calls_` until gRPC has told its end.
#include "coordinator/bridge/grpc_caller.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <utility>
#include <vector>

namespace convoy::bridge {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

void Apply(const CallOptions& options, grpc::ClientContext& context) {
  if (!options.authorization.empty()) context.AddMetadata("authorization", options.authorization);
  if (options.deadline != absl::InfiniteFuture()) {
    context.set_deadline(absl::ToChronoTime(options.deadline));
  }
}

}  // namespace

absl::StatusOr<std::string> CheckedHeader(const std::string& name, std::string_view value) {
  for (const char c : value) {
    if (c >= ' ' && c <= '~') continue;
    return absl::InvalidArgumentError(name + ": has characters that are not printable ASCII");
  }
  return std::string(value);
}

class GrpcCaller::UnaryCall final : public Call, public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(GrpcCaller& caller, const std::string& request, const CallOptions& options, Done done)
      : caller_(caller), request_(ToBuffer(request)), done_(std::move(done)) {
    Apply(options, context_);
  }

  void Start(const std::string& method) {
    caller_.stub_.UnaryCall(&context_, method, {}, &request_, &response_,
                            [self = shared_from_this()](const grpc::Status& status) {
                              self->done_(status, ToString(self->response_));
                              self->caller_.Remove(self);
                            });
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  GrpcCaller& caller_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  const Done done_;
};

class GrpcCaller::StreamCall final
    : public Call,
      public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(GrpcCaller& caller, const std::string& request, const CallOptions& options,
             OnMessage message, Done done)
      : caller_(caller),
        request_(ToBuffer(request)),
        message_(std::move(message)),
        done_(std::move(done)) {
    Apply(options, context_);
  }

  void Start(const std::string& method) {
    caller_.stub_.PrepareBidiStreamingCall(&context_, method, {}, this);
    // Reads are started from other threads than gRPC's, so they hold the call open.
    AddHold();
    StartWriteLast(&request_, {});
    StartRead(&response_);
    StartCall();
  }

  void Cancel() override { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) return RemoveHold();
    message_(ToString(response_), [self = shared_from_this()](bool go_on) {
      if (!go_on) self->context_.TryCancel();
      self->StartRead(&self->response_);
    });
  }

  void OnDone(const grpc::Status& status) override {
    const auto self = shared_from_this();
    done_(status, "");
    caller_.Remove(self);
  }

 private:
  GrpcCaller& caller_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  const OnMessage message_;
  const Done done_;
};

std::shared_ptr<Call> GrpcCaller::Unary(const std::string& method, const std::string& request,
                                        const CallOptions& options, Done done) {
  const auto call = std::make_shared<UnaryCall>(*this, request, options, std::move(done));
  Add(call);
  call->Start(method);
  return call;
}

std::shared_ptr<Call> GrpcCaller::ServerStream(const std::string& method,
                                               const std::string& request,
                                               const CallOptions& options, OnMessage message,
                                               Done done) {
  const auto call =
      std::make_shared<StreamCall>(*this, request, options, std::move(message), std::move(done));
  Add(call);
  call->Start(method);
  return call;
}

GrpcCaller::~GrpcCaller() {
  std::set<std::shared_ptr<Call>> calls;
  {
    absl::MutexLock lock(&mutex_);
    calls = calls_;
  }
  for (const std::shared_ptr<Call>& call : calls) call->Cancel();
  calls.clear();
  absl::MutexLock lock(&mutex_);
  const auto is_idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_.empty(); };
  mutex_.Await(absl::Condition(&is_idle));
}

void GrpcCaller::Add(const std::shared_ptr<Call>& call) {
  absl::MutexLock lock(&mutex_);
  calls_.insert(call);
}

void GrpcCaller::Remove(const std::shared_ptr<Call>& call) {
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

}  // namespace convoy::bridge
