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

namespace convoy::coordinator {

// Thread-safe. Data are read when first asked for, and kept.
class EvaluationData {
 public:
  // `flag` is the value of --data; empty: where the trainer would look. Reads the environment.
  explicit EvaluationData(const std::string& flag);

  // Returns the coordinator's own data for "", Convoy's digits for "generated". Returns
  // INVALID_ARGUMENT for another name, FAILED_PRECONDITION if the coordinator has no data, and what
  // data::LoadData returns, as FAILED_PRECONDITION: the caller cannot mend it.
  absl::StatusOr<std::shared_ptr<const data::DataSource>> Get(const std::string& data_set);

 private:
  const data::DataChoice choice_;
  absl::Mutex mutex_;
  // By the value of --data that loads them.
  std::map<std::string, std::shared_ptr<const data::DataSource>> loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace convoy::coordinator
