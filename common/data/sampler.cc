#include "common/data/sampler.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "common/base/check.h"
#include "common/base/random.h"

namespace convoy::data {
namespace {

int64_t NumPieces(int64_t total, int64_t piece) {
  CONVOY_CHECK_GE(total, 0);
  CONVOY_CHECK_GT(piece, 0);
  return total / piece + (total % piece != 0 ? 1 : 0);
}

Range Piece(int64_t total, int64_t piece, int64_t index) {
  CONVOY_CHECK_GE(index, 0);
  CONVOY_CHECK_LT(index, NumPieces(total, piece));
  const int64_t begin = index * piece;
  return {begin, begin + std::min(piece, total - begin)};
}

}  // namespace

void EpochOrder(uint64_t seed, uint32_t epoch, int64_t num_images, std::vector<uint32_t>* order) {
  CONVOY_CHECK_GE(num_images, 0);
  CONVOY_CHECK_LE(num_images, int64_t{std::numeric_limits<uint32_t>::max()});
  order->resize(static_cast<size_t>(num_images));
  std::iota(order->begin(), order->end(), 0u);
  RandomSequence random(seed, RandomStream::kShuffle, epoch);
  for (size_t place = order->size(); place > 1; --place) {
    std::swap((*order)[place - 1], (*order)[random.NextBelow(place)]);
  }
}

int64_t StepsPerEpoch(int64_t num_images, int64_t batch_size) {
  return NumPieces(num_images, batch_size);
}

Range BatchRange(int64_t num_images, int64_t batch_size, int64_t step) {
  return Piece(num_images, batch_size, step);
}

int64_t MicroBatchCount(int64_t batch_images, int64_t micro_batch) {
  return NumPieces(batch_images, micro_batch);
}

Range MicroBatchRange(int64_t batch_images, int64_t micro_batch, int64_t index) {
  return Piece(batch_images, micro_batch, index);
}

}  // namespace convoy::data
