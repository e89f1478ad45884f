// The sizes of an array, outermost first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy {

using Shape = std::vector<int64_t>;

// Returns the product of the sizes, 1 for an empty shape. Returns OUT_OF_RANGE if it does not fit
// into 63 bits, INVALID_ARGUMENT if a size is negative.
absl::StatusOr<int64_t> NumElems(const Shape& shape);

// Returns "(26, 26, 32)"; with `batch`, as Keras prints shapes, "(None, 26, 26, 32)".
std::string ShapeToString(const Shape& shape, bool batch = false);

}  // namespace convoy
