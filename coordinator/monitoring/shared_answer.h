// One answer for all who ask while it is being made, so that many askers cost no more than one.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/http/message.h"

namespace convoy::monitoring {

// Thread-safe.
class SharedAnswer {
 public:
  // `make` begins to make an answer, which is given to Give later, on any thread.
  explicit SharedAnswer(std::function<void()> make) : make_(std::move(make)) {}

  void Ask(std::shared_ptr<http::Reply> reply) {
    {
      const absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(reply));
      if (std::exchange(making_, true)) return;
    }
    make_();
  }

  void Give(const http::Response& response) {
    std::vector<std::shared_ptr<http::Reply>> waiting;
    {
      const absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
      making_ = false;
    }
    for (const auto& reply : waiting) reply->Send(response);
  }

 private:
  const std::function<void()> make_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<http::Reply>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool making_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace convoy::monitoring
