#include "coordinator/batching/model_cache.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status.h"

namespace convoy::coordinator {

// The weights, as they are and as kernels want to read them; the file's other sections, of which
// its size is a bound; the plan.
int64_t ServedModel::bytes() const {
  constexpr int64_t kPlan = 64 << 10;
  const int64_t floats = model->network().num_parameters() + model->plan().prepared_floats();
  return floats * static_cast<int64_t>(sizeof(float)) + facts.size_bytes() + kPlan;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelCache::Get(const std::string& id) {
  std::shared_ptr<Entry> entry;
  {
    const absl::MutexLock lock(&mutex_);
    std::shared_ptr<Entry>& found = entries_[id];
    if (found == nullptr) found = std::make_shared<Entry>();
    entry = found;
    if (IsFresh(*entry)) return Use(id, *entry);
  }
  const absl::MutexLock loading(&entry->loading);
  {
    const absl::MutexLock lock(&mutex_);
    // Another caller may have asked in the meantime, and the entry been dropped since.
    if (IsFresh(*entry)) return Keep(id, std::move(entry));
  }
  auto model = Refresh(id, *entry);
  const absl::MutexLock lock(&mutex_);
  if (!model.ok()) {
    entries_.erase(id);
    order_.remove(id);
    return model;
  }
  entry->model = *model;
  entry->since_checked = Stopwatch();
  return Keep(id, std::move(entry));
}

std::shared_ptr<const ServedModel> ModelCache::GetFresh(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !IsFresh(*found->second)) return nullptr;
  return Use(id, *found->second);
}

bool ModelCache::IsFresh(const Entry& entry) const {
  return entry.model != nullptr &&
         entry.since_checked.Elapsed() < absl::ToDoubleSeconds(options_.max_age);
}

// Returns the entry's model, now the last asked for.
std::shared_ptr<const ServedModel> ModelCache::Use(const std::string& id, const Entry& entry) {
  if (order_.empty() || order_.front() != id) {
    order_.remove(id);
    order_.push_front(id);
  }
  return entry.model;
}

// As Use, of an entry that may be new or have another model; drops those that are too many.
std::shared_ptr<const ServedModel> ModelCache::Keep(const std::string& id,
                                                    std::shared_ptr<Entry> entry) {
  auto model = Use(id, *entry);
  entries_[id] = std::move(entry);
  int64_t bytes = 0;
  const auto dropped = std::find_if(order_.begin(), order_.end(), [&](const std::string& kept) {
    bytes += entries_.at(kept)->model->bytes();
    return bytes > options_.max_bytes && kept != id;
  });
  std::for_each(dropped, order_.end(), [this](const std::string& kept) { entries_.erase(kept); });
  order_.erase(dropped, order_.end());
  return model;
}

// Asks the source; loads the model if it has another version than `entry`.
absl::StatusOr<std::shared_ptr<const ServedModel>> ModelCache::Refresh(const std::string& id,
                                                                       Entry& entry) {
  std::shared_ptr<const ServedModel> old;
  {
    const absl::MutexLock lock(&mutex_);
    old = entry.model;
  }
  if (old == nullptr) return Load(id);
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel facts, source_.GetModel(id));
  if (facts.sha256() != old->facts.sha256()) return Load(id);
  if (facts.version() == old->facts.version() && facts.final() == old->facts.final()) return old;
  auto renamed = std::make_shared<ServedModel>(*old);
  renamed->facts = std::move(facts);
  return renamed;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelCache::Load(const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(auto read, source_.ReadModel(id));
  auto served = std::make_shared<ServedModel>();
  served->id = id;
  served->facts = std::move(read.first);
  served->counters = std::make_shared<ModelCounters>();
  CONVOY_ASSIGN_OR_RETURN(served->model, evaluate::LoadedModel::Parse(std::move(read.second),
                                                                      absl::StrCat("models/", id)));
  return served;
}

std::vector<std::shared_ptr<const ServedModel>> ModelCache::Loaded() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<const ServedModel>> loaded;
  for (const auto& [id, entry] : entries_) {
    if (entry->model != nullptr) loaded.push_back(entry->model);
  }
  return loaded;
}

}  // namespace convoy::coordinator
