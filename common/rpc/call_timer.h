// Cancels a call that a server answers by gRPC's callbacks when its time is over.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace convoy::rpc {

// A member of the call's reactor, whose end it does not outlive.
class CallTimer {
 public:
  explicit CallTimer(grpc::CallbackServerContext& context)
      : call_(std::make_shared<Call>(context)) {}
  ~CallTimer() { call_->Forget(); }
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

  // REQUIRES: called once at most.
  void Start(std::chrono::milliseconds time) {
    alarm_.Set(std::chrono::system_clock::now() + time, [call = call_](bool rang) {
      if (rang) call->Cancel();
    });
  }

 private:
  // The alarm may ring at the very moment at which the call ends.
  class Call {
   public:
    explicit Call(grpc::CallbackServerContext& context) : context_(&context) {}

    void Cancel() {
      const absl::MutexLock lock(&mutex_);
      if (context_ != nullptr) context_->TryCancel();
    }
    void Forget() {
      const absl::MutexLock lock(&mutex_);
      context_ = nullptr;
    }

   private:
    absl::Mutex mutex_;
    grpc::CallbackServerContext* context_ ABSL_GUARDED_BY(mutex_);
  };

  const std::shared_ptr<Call> call_;
  grpc::Alarm alarm_;
};

}  // namespace convoy::rpc
