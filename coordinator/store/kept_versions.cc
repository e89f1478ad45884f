#include "coordinator/store/kept_versions.h"

namespace convoy::coordinator {
namespace {

// Returns the first version of each `spacing` epochs: epochs that were never told leave no holes.
std::vector<EarlierVersion> Space(const std::vector<EarlierVersion>& versions, int64_t spacing) {
  std::vector<EarlierVersion> kept;
  for (const EarlierVersion& version : versions) {
    if (kept.empty() || version.epoch / spacing > kept.back().epoch / spacing) {
      kept.push_back(version);
    }
  }
  return kept;
}

int64_t Bytes(const std::vector<EarlierVersion>& versions) {
  int64_t bytes = 0;
  for (const EarlierVersion& version : versions) bytes += version.bytes;
  return bytes;
}

}  // namespace

std::vector<EarlierVersion> KeptVersions(const std::vector<EarlierVersion>& versions, int64_t last,
                                         int64_t room) {
  int64_t spacing = 1;
  while (last > kMaxEarlierVersions * spacing) spacing *= 2;
  for (;; spacing *= 2) {
    std::vector<EarlierVersion> kept = Space(versions, spacing);
    if (Bytes(kept) <= room) return kept;
    if (spacing >= last) return {};  // not even one
  }
}

}  // namespace convoy::coordinator
