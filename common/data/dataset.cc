#include "common/data/dataset.h"

#include "common/base/check.h"
#include "common/base/sha256.h"

namespace convoy::data {
namespace {

void HashAsIdx(const Dataset& dataset, Sha256* sha) {
  sha->Update(IdxImagesHeader(dataset.count, dataset.height, dataset.width, dataset.channels));
  sha->Update(dataset.pixels.data(), dataset.pixels.size());
  sha->Update(EncodeIdxLabels(dataset.labels, dataset.num_classes));
}

}  // namespace

DatasetView DatasetView::Slice(const Range& range) const {
  CONVOY_CHECK(0 <= range.begin && range.begin <= range.end && range.end <= count);
  DatasetView slice = *this;
  slice.pixels = image(range.begin);
  slice.labels = labels + range.begin;
  slice.count = range.size();
  return slice;
}

DatasetView Dataset::View() const {
  return {pixels.data(), labels.data(), count, height, width, channels, num_classes};
}

std::string DataSha256(const Dataset& train, const Dataset& test) {
  Sha256 sha;
  HashAsIdx(train, &sha);
  HashAsIdx(test, &sha);
  return sha.HexDigest();
}

}  // namespace convoy::data
