// A run of consecutive indices, and how a run is dealt out evenly.
#pragma once

#include <algorithm>
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

// Returns part `part` of `parts` nearly equal ones of [0, size), which make up the whole in order
// and are cut at multiples of `unit`. Counted in units, rounded up, their sizes differ by at most
// one, the larger ones first; so where there are fewer units than parts, the last parts are empty.
// REQUIRES: size >= 0, 0 <= part < parts, unit > 0.
inline Range EqualPart(int64_t size, int64_t part, int64_t parts, int64_t unit = 1) {
  const int64_t units = (size + unit - 1) / unit;
  const auto cut = [&](int64_t p) {
    return std::min(size, (units / parts * p + std::min(p, units % parts)) * unit);
  };
  return {cut(part), cut(part + 1)};
}

}  // namespace convoy::data
