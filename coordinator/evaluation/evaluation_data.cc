#include "coordinator/evaluation/evaluation_data.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/data/load_data.h"

namespace convoy::coordinator {

EvaluationData::EvaluationData(const std::string& flag)
    : choice_(flag == data::kGeneratedFlag ? data::DataChoice{data::kGeneratedFlag, ""}
                                           : data::FindDataDirectory(flag)) {}

absl::StatusOr<std::shared_ptr<const data::DataSource>> EvaluationData::Get(
    const std::string& data_set) {
  if (!data_set.empty() && data_set != data::kGeneratedFlag) {
    return absl::InvalidArgumentError(
        absl::StrCat("data_set: '", data_set, "' is unknown; leave it empty for the coordinator's ",
                     "own data, or ask for 'generated'"));
  }
  const std::string& flag = data_set.empty() ? choice_.directory : data_set;
  if (flag.empty()) {
    return absl::FailedPreconditionError(
        "the coordinator has no data: start it with `data`, or ask for the data set "
        "'generated'");
  }
  const absl::MutexLock lock(&mutex_);
  std::shared_ptr<const data::DataSource>& source = loaded_[flag];
  if (source == nullptr) {
    absl::StatusOr<data::DataSource> loaded = data::LoadData(flag);
    if (!loaded.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the coordinator cannot read its data: ", loaded.status().message()));
    }
    source = std::make_shared<const data::DataSource>(*std::move(loaded));
  }
  return source;
}

}  // namespace convoy::coordinator
