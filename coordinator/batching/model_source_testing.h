// A source of models for tests: what a test puts in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/store/model_source.h"

namespace convoy::coordinator {

// Thread-safe.
class FakeModelSource : public ModelSource {
 public:
  // Puts the file's bytes in as version `version` of `id`.
  void Put(const std::string& id, const std::string& version, const std::string& bytes);
  void Remove(const std::string& id);
  // Changes a byte of its file.
  void Damage(const std::string& id);
  // Has `before` called by ReadModel, with the id, before it does anything; for slow disks. To be
  // set before the source is used.
  void BeforeRead(std::function<void(const std::string&)> before) { before_ = std::move(before); }
  // How often ReadModel was called.
  int reads() const;

  absl::StatusOr<v1::TrainedModel> GetModel(const std::string& id) override;
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> ReadModel(
      const std::string& id) override;
  absl::StatusOr<OpenModel> OpenFile(const std::string& id) override;
  absl::StatusOr<std::vector<v1::TrainedModel>> ListVersions(const std::string& id) override;
  absl::StatusOr<Page<v1::TrainedModel>> ListModels(int page_size,
                                                    const std::string& page_token) override;

 private:
  std::function<void(const std::string&)> before_ = [](const std::string&) {};
  mutable absl::Mutex mutex_;
  std::map<std::string, std::pair<v1::TrainedModel, std::string>> models_ ABSL_GUARDED_BY(mutex_);
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace convoy::coordinator
