// A run of consecutive indices.
#pragma once

#include <cstdint>

namespace convoy::data {

// The indices begin, begin + 1, ..., end - 1.
struct Range {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace convoy::data
