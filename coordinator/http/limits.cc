#include "coordinator/http/limits.h"

namespace convoy::http {

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

bool ByteBudget::Share::GrowTo(uint64_t bytes) {
  if (bytes <= bytes_) return true;
  if (!budget_.Take(bytes - bytes_)) return false;
  bytes_ = bytes;
  return true;
}

bool ByteBudget::Take(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  if (bytes > max_ - taken_) return false;
  taken_ += bytes;
  return true;
}

void ByteBudget::Return(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  taken_ -= bytes;
}

}  // namespace convoy::http
