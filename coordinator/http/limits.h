// What all connections together may take.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace convoy::http {

// Counts connections, in all and of each address. Thread-safe.
class ConnectionCounts {
 public:
  ConnectionCounts(int max, int max_per_address) : max_(max), max_per_address_(max_per_address) {}

  // Whether one more may come from `address`; if so it counts until Leave(address).
  bool Enter(const std::string& address);
  void Leave(const std::string& address);
  int count() const;

 private:
  const int max_;
  const int max_per_address_;
  mutable absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> by_address_ ABSL_GUARDED_BY(mutex_);
};

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
