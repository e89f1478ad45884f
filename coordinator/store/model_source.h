// Where the models come from: the coordinator's store, or a test's.
#pragma once

#include <istream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::coordinator {

// A page of results, and where the next begins; empty on the last one.
template <typename T>
struct Page {
  std::vector<T> entries;
  std::string next_token;
};

// A model whose file is open, so that it can be read to the end whatever becomes of the model.
struct OpenModel {
  v1::TrainedModel model;
  std::unique_ptr<std::istream> file;
};

// Thread-safe.
class ModelSource {
 public:
  virtual ~ModelSource() = default;

  // `id` is what follows "models/", with or without a version. Returns NOT_FOUND if there is no
  // such model.
  virtual absl::StatusOr<v1::TrainedModel> GetModel(const std::string& id) = 0;

  // Returns a model with its file's bytes. Errors as GetModel, and DATA_LOSS if they are damaged.
  virtual absl::StatusOr<std::pair<v1::TrainedModel, std::string>> ReadModel(
      const std::string& id) = 0;

  // As ReadModel, but reads nothing yet: the bytes are model.size_bytes() many, and should have the
  // SHA-256 that the model says.
  virtual absl::StatusOr<OpenModel> OpenFile(const std::string& id) = 0;

  // Returns the versions of the model `id`, the earliest first, the last at the end; those that are
  // damaged are left out. Returns NOT_FOUND if there is none.
  virtual absl::StatusOr<std::vector<v1::TrainedModel>> ListVersions(const std::string& id) = 0;

  // Returns models, the newest first. Returns INVALID_ARGUMENT for a token that is not of a page.
  virtual absl::StatusOr<Page<v1::TrainedModel>> ListModels(int page_size,
                                                            const std::string& page_token) = 0;
};

}  // namespace convoy::coordinator
