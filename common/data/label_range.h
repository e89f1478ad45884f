// Labels as files have them: any whole numbers.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/label.h"

namespace convoy::data {

// Returns `value`, the label of image `image` of the file `name`. It may be 0 to kMaxClasses: where
// no label is 0 they are counted from 1, which CompleteSource (labelled_images.h) sees, and refuses
// what then is too large. Returns INVALID_ARGUMENT for any other.
absl::StatusOr<Label> ToLabel(int64_t value, const std::string& name, int64_t image);

// Returns the error of a label that would be one of more than kMaxClasses classes, or negative.
absl::Status LabelOutOfRange(int64_t value, const std::string& name, int64_t image);

}  // namespace convoy::data
