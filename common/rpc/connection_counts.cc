#include "common/rpc/connection_counts.h"

namespace convoy::rpc {

bool ConnectionCounts::Enter(const std::string& address) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_address_.find(address);
  if (count_ >= max_ || (found != by_address_.end() && found->second >= max_per_address_)) {
    return false;
  }
  ++count_;
  ++by_address_[address];
  return true;
}

void ConnectionCounts::Leave(const std::string& address) {
  absl::MutexLock lock(&mutex_);
  --count_;
  const auto found = by_address_.find(address);
  if (--found->second == 0) by_address_.erase(found);
}

int ConnectionCounts::count() const {
  absl::MutexLock lock(&mutex_);
  return count_;
}

}  // namespace convoy::rpc
