#include "common/base/shape.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace convoy {

absl::StatusOr<int64_t> NumElems(const Shape& shape) {
  int64_t product = 1;
  for (int64_t size : shape) {
    if (size < 0) {
      return absl::InvalidArgumentError(absl::StrCat("negative size in ", ShapeToString(shape)));
    }
    if (__builtin_mul_overflow(product, size, &product)) {
      return absl::OutOfRangeError(absl::StrCat("too many elements in ", ShapeToString(shape)));
    }
  }
  return product;
}

std::string ShapeToString(const Shape& shape, bool batch) {
  const std::string sizes = absl::StrJoin(shape, ", ");
  const char* open = batch ? (shape.empty() ? "(None" : "(None, ") : "(";
  return absl::StrCat(open, sizes, ")");
}

}  // namespace convoy
