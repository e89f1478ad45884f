#include "common/data/label_range.h"

#include "common/base/text_error.h"

namespace convoy::data {

absl::StatusOr<Label> ToLabel(int64_t value, const std::string& name, int64_t image) {
  if (value < 0 || value > kMaxClasses) return LabelOutOfRange(value, name, image);
  return static_cast<Label>(value);
}

absl::Status LabelOutOfRange(int64_t value, const std::string& name, int64_t image) {
  return InvalidArgumentTextError(
      "$0: label $1 of image $2 is out of range: at most $3 classes are possible, so labels are 0 "
      "to $4, or 1 to $3",
      name, value, image, kMaxClasses, kMaxClasses - 1);
}

}  // namespace convoy::data
