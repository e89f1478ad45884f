#include "coordinator/evaluation/evaluation_data.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/data/load_data.h"

namespace convoy::coordinator {
namespace {

// Whether data that were loaded with the options `were` are those that `wanted` would give: only
// pictures have no size of their own.
bool Serves(const data::DataSource& source, const data::LoadOptions& were,
            const data::LoadOptions& wanted) {
  if (were.transpose != wanted.transpose) return false;
  if (source.kind != data::kKindPictures) return true;
  return were.height == wanted.height && were.width == wanted.width && were.fit == wanted.fit &&
         were.channels == wanted.channels && were.skip_bad == wanted.skip_bad &&
         were.max_pictures == wanted.max_pictures;
}

}  // namespace

EvaluationData::EvaluationData(const std::string& flag)
    : choice_(flag == data::kGeneratedFlag ? data::DataChoice{data::kGeneratedFlag, ""}
                                           : data::FindDataDirectory(flag)) {}

absl::Status EvaluationData::Check() {
  return Get("", {.height = 1, .width = 1, .max_pictures = 1}).status();
}

absl::StatusOr<std::shared_ptr<const data::DataSource>> EvaluationData::Get(
    const std::string& data_set, const data::LoadOptions& images) {
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
  Loaded& loaded = loaded_[flag];
  if (loaded.source != nullptr && Serves(*loaded.source, loaded.images, images)) {
    return loaded.source;
  }
  absl::StatusOr<data::DataSource> source = data::LoadData(flag, images);
  if (!source.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the coordinator cannot read its data: ", source.status().message()));
  }
  loaded = {images, std::make_shared<const data::DataSource>(*std::move(source))};
  return loaded.source;
}

}  // namespace convoy::coordinator
