// Evaluations that were made, so that each is computed once: an image's page, the next page, and
// the matrix that they belong to are of one evaluation.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/evaluate/detailed_evaluation.h"

namespace convoy::coordinator {

// What an evaluation is of. Equal ones have equal evaluations, to the bit.
struct EvaluationKey {
  std::string model_sha256;  // of its file
  std::string data_set;      // as it was asked for
  std::string data_sha256;
  int split = 0;
  double noise_level = 0;
  uint64_t noise_seed = 0;

  bool operator==(const EvaluationKey&) const = default;
};

// Thread-safe.
class EvaluationCache {
 public:
  using Pointer = std::shared_ptr<const evaluate::DetailedEvaluation>;

  // Keeps so many bytes of evaluations; the one not asked for the longest goes first.
  explicit EvaluationCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  // Returns null if it is not kept.
  Pointer Find(const EvaluationKey& key);

  // One that is larger than all that may be kept is not.
  void Put(EvaluationKey key, Pointer evaluation);

 private:
  const int64_t max_bytes_;
  absl::Mutex mutex_;
  // The last asked for first. Few enough to look through: each is of all images of a split.
  std::list<std::pair<EvaluationKey, Pointer>> kept_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace convoy::coordinator
