#include "coordinator/batching/model_source_testing.h"

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/sha256.h"
#include "common/base/status.h"

namespace convoy::coordinator {

void FakeModelSource::Put(const std::string& id, const std::string& version,
                          const std::string& bytes) {
  v1::TrainedModel model;
  model.set_name(absl::StrCat("models/", id));
  model.set_version(version);
  model.set_sha256(Sha256Hex(bytes));
  model.set_size_bytes(static_cast<int64_t>(bytes.size()));
  const absl::MutexLock lock(&mutex_);
  models_[id] = {model, bytes};
}

void FakeModelSource::Remove(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  models_.erase(id);
}

void FakeModelSource::Damage(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  models_.at(id).second[0] ^= 1;
}

int FakeModelSource::reads() const {
  const absl::MutexLock lock(&mutex_);
  return reads_;
}

absl::StatusOr<v1::TrainedModel> FakeModelSource::GetModel(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  const auto found = models_.find(id);
  if (found == models_.end())
    return absl::NotFoundError(absl::StrCat("no model 'models/", id, "'"));
  return found->second.first;
}

absl::StatusOr<std::pair<v1::TrainedModel, std::string>> FakeModelSource::ReadModel(
    const std::string& id) {
  before_(id);
  const absl::MutexLock lock(&mutex_);
  ++reads_;
  const auto found = models_.find(id);
  if (found == models_.end())
    return absl::NotFoundError(absl::StrCat("no model 'models/", id, "'"));
  return found->second;
}

absl::StatusOr<OpenModel> FakeModelSource::OpenFile(const std::string& id) {
  auto read = ReadModel(id);
  if (!read.ok()) return read.status();
  return OpenModel{.model = std::move(read->first),
                   .file = std::make_unique<std::istringstream>(std::move(read->second))};
}

absl::StatusOr<std::vector<v1::TrainedModel>> FakeModelSource::ListVersions(const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, GetModel(id));
  return std::vector<v1::TrainedModel>{std::move(model)};
}

absl::StatusOr<Page<v1::TrainedModel>> FakeModelSource::ListModels(int page_size,
                                                                   const std::string& page_token) {
  const absl::MutexLock lock(&mutex_);
  Page<v1::TrainedModel> page;
  auto next = page_token.empty() ? models_.begin() : models_.upper_bound(page_token);
  while (next != models_.end() && static_cast<int>(page.entries.size()) < page_size) {
    page.entries.push_back(next->second.first);
    if (static_cast<int>(page.entries.size()) == page_size) page.next_token = next->first;
    ++next;
  }
  if (next == models_.end()) page.next_token.clear();
  return page;
}

}  // namespace convoy::coordinator
