#include "common/data/split.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/text_error.h"

namespace convoy::data {

absl::StatusOr<Split> SplitTrainingImages(int64_t num_images, double validation_split,
                                          int64_t train_limit, int64_t validation_images) {
  CONVOY_CHECK_GT(num_images, 0);
  if (train_limit < 0 || train_limit > num_images) {
    return InvalidArgumentTextError(
        "`train_limit` $0: the training file holds $1 images; give a number from 1 to that, or 0 "
        "for all",
        train_limit, num_images);
  }
  if (validation_images > 0) {
    const int64_t train_end = num_images - validation_images;
    const int64_t wanted = train_limit == 0 ? train_end : std::min(train_limit, train_end);
    return Split{{0, wanted}, {train_end, num_images}};
  }
  // Written so that NaN is refused too.
  if (!(validation_split >= 0 && validation_split < 1)) {
    return InvalidArgumentTextError("`validation_split` $0: must be at least 0 and below 1",
                                    validation_split);
  }
  const int64_t n = train_limit == 0 ? num_images : train_limit;
  const auto split_at =
      static_cast<int64_t>(std::floor(static_cast<double>(n) * (1.0 - validation_split)));
  if (split_at == 0 || (split_at == n && validation_split > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("`validation_split` ", validation_split, ": of ", n,
                     " images it leaves none to ", split_at == 0 ? "train on" : "validate on",
                     "; change it or `train_limit`, or give 0 to hold out nothing"));
  }
  return Split{{0, split_at}, {split_at, n}};
}

}  // namespace convoy::data
