// Which earlier versions of a job's model are kept: evenly spaced over its epochs.
#pragma once

#include <cstdint>
#include <vector>

namespace convoy::coordinator {

// Of a job, beside the last one.
inline constexpr int64_t kMaxEarlierVersions = 16;

struct EarlierVersion {
  int64_t epoch = 0;
  int64_t bytes = 0;

  bool operator==(const EarlierVersion&) const = default;
};

// Returns the versions to keep beside that of epoch `last`: at most kMaxEarlierVersions with `room`
// bytes together, and of those that are there the earliest. `versions` are in order, all before
// `last`. Spacing doubles where there are too many: 0, 1, 2, ... become 0, 2, 4, ...
std::vector<EarlierVersion> KeptVersions(const std::vector<EarlierVersion>& versions, int64_t last,
                                         int64_t room);

}  // namespace convoy::coordinator
