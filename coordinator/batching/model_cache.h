// The models that are asked for, loaded once.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/stopwatch.h"
#include "common/evaluate/loaded_model.h"
#include "coordinator/batching/model_counters.h"
#include "coordinator/store/model_source.h"

namespace convoy::coordinator {

// One version of a model, ready for passes. Immutable but for the counters.
struct ServedModel {
  std::string id;
  v1::TrainedModel facts;
  std::shared_ptr<const evaluate::LoadedModel> model;
  std::shared_ptr<ModelCounters> counters;

  // The memory that it takes, in bytes, or somewhat more.
  int64_t bytes() const;
};

struct ModelCacheOptions {
  // Of the models kept; the one not asked for the longest goes first, the last one stays. Calls
  // under way keep theirs. The notebook's network takes 2 MB, a job has up to 17 versions of one.
  int64_t max_bytes = 256LL << 20;
  // How long a model is served before the source is asked whether there is a newer version of it.
  absl::Duration max_age = absl::Milliseconds(250);
};

// Thread-safe. Several callers that want the same model wait for one load of it; others do not.
class ModelCache {
 public:
  // `source` must outlive the cache.
  ModelCache(ModelSource& source, const ModelCacheOptions& options)
      : source_(source), options_(options) {}

  // Returns the newest version of model `id`. Returns the errors of ModelSource and of
  // evaluate::LoadedModel::Parse; they are not kept.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Get(const std::string& id);

  // As Get, but never waits for the source: returns null where it would have to be asked.
  std::shared_ptr<const ServedModel> GetFresh(const std::string& id);

  // Returns the models kept, by id.
  std::vector<std::shared_ptr<const ServedModel>> Loaded() const;

 private:
  struct Entry {
    absl::Mutex loading;  // held by the caller that asks the source
    // Guarded by the cache's mutex.
    std::shared_ptr<const ServedModel> model;
    Stopwatch since_checked;  // of the model, if there is one
  };

  bool IsFresh(const Entry& entry) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<const ServedModel> Use(const std::string& id, const Entry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<const ServedModel> Keep(const std::string& id, std::shared_ptr<Entry> entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<const ServedModel>> Refresh(const std::string& id, Entry& entry);
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const std::string& id);

  ModelSource& source_;
  const ModelCacheOptions options_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> order_ ABSL_GUARDED_BY(mutex_);  // the last asked for first
};

}  // namespace convoy::coordinator
