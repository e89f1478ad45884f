#include "coordinator/evaluation/evaluation_cache.h"

#include <algorithm>
#include <vector>

namespace convoy::coordinator {
namespace {

template <typename T>
int64_t BytesOf(const std::vector<T>& values) {
  return static_cast<int64_t>(values.size() * sizeof(T));
}

int64_t BytesOf(const evaluate::DetailedEvaluation& evaluation) {
  constexpr int64_t kEntry = 1024;  // the key, the list, what is small of the evaluation
  return kEntry + BytesOf(evaluation.predicted) + BytesOf(evaluation.confidence) +
         BytesOf(evaluation.actual_probability) + BytesOf(evaluation.confusion.counts());
}

}  // namespace

EvaluationCache::Pointer EvaluationCache::Find(const EvaluationKey& key) {
  const absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->second;
}

void EvaluationCache::Put(EvaluationKey key, Pointer evaluation) {
  const int64_t bytes = BytesOf(*evaluation);
  if (bytes > max_bytes_) return;
  const absl::MutexLock lock(&mutex_);
  kept_.emplace_front(std::move(key), std::move(evaluation));
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    bytes_ -= BytesOf(*kept_.back().second);
    kept_.pop_back();
  }
}

}  // namespace convoy::coordinator
