// The store's models for the engine.
#pragma once

#include <string>
#include <utility>

#include "coordinator/batching/model_source.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {

// Thread-safe.
class StoreModelSource final : public ModelSource {
 public:
  // `store` must outlive it.
  explicit StoreModelSource(Store& store) : store_(store) {}

  absl::StatusOr<v1::TrainedModel> GetModel(const std::string& id) override {
    return store_.GetModel(id);
  }
  absl::StatusOr<std::pair<v1::TrainedModel, std::string>> ReadModel(
      const std::string& id) override {
    return store_.ReadModel(id);
  }
  absl::StatusOr<ModelPage> ListModels(int page_size, const std::string& page_token) override {
    absl::StatusOr<Page<v1::TrainedModel>> page = store_.ListModels(page_size, page_token);
    if (!page.ok()) return page.status();
    return ModelPage{.models = std::move(page->entries), .next_token = std::move(page->next_token)};
  }

 private:
  Store& store_;
};

}  // namespace convoy::coordinator
