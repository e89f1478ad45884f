// How many connections a server has, in all and from each address.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace convoy::rpc {

// Thread-safe.
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

}  // namespace convoy::rpc
