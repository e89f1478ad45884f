// What the requests of all connections together may take.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace convoy::http {

// Bytes of request bodies in memory. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(uint64_t max) : max_(max) {}

  // A share of the budget, given back at its end.
  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(budget) {}
    ~Share() { budget_.Return(bytes_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Makes the share at least `bytes` large. Returns false if so much is not left.
    bool GrowTo(uint64_t bytes);

   private:
    ByteBudget& budget_;
    uint64_t bytes_ = 0;
  };

 private:
  bool Take(uint64_t bytes);
  void Return(uint64_t bytes);

  const uint64_t max_;
  absl::Mutex mutex_;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace convoy::http
