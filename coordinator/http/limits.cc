#include "coordinator/http/limits.h"

namespace convoy::http {

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
