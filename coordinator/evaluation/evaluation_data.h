// The images that models are evaluated on: the coordinator's own and generated ones.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/data/data_directory.h"
#include "common/data/dataset.h"
#include "common/data/load_options.h"

namespace convoy::coordinator {

// Thread-safe. Data are read when first asked for, and kept.
class EvaluationData {
 public:
  // `flag` is the value of --data; empty: where the trainer would look. Reads the environment.
  explicit EvaluationData(const std::string& flag);

  // Returns what Get would for the coordinator's own data; of pictures it looks at one a part.
  absl::Status Check();

  // Returns the coordinator's own data for "", Convoy's digits for "generated"; pictures as images
  // that `images` asks for: a model's size and colours. Of pictures those of the last such options
  // are kept. Returns
  // INVALID_ARGUMENT for another name, FAILED_PRECONDITION if the coordinator has no data, and what
  // data::LoadData returns, as FAILED_PRECONDITION: the caller cannot mend it.
  absl::StatusOr<std::shared_ptr<const data::DataSource>> Get(const std::string& data_set,
                                                              const data::LoadOptions& images);

 private:
  const data::DataChoice choice_;
  absl::Mutex mutex_;
  struct Loaded {
    data::LoadOptions images;
    std::shared_ptr<const data::DataSource> source;  // null: not loaded yet
  };
  // By the value of --data that loads them.
  std::map<std::string, Loaded> loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace convoy::coordinator
