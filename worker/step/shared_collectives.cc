// Reduce-scatter and all-gather between ranks of one host, in memory that they share: owners read
// the others' sums where they stand and write new weights where all see them, so each of the two is
// one barrier and nothing is copied. One block of shared memory holds, in this order: a board for
// each rank, both sets of weights, the factors of the batch, and every rank's gradients. A rank's
// board says where in the block its sums stand, with the scalars that belong to them.
#include <algorithm>
#include <array>
#include <numeric>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "worker/step/collectives.h"

namespace convoy::step {
namespace {

// More nodes than any rank's run is made of: two for each level of a tree of 2^31 leaves.
constexpr size_t kMaxNodes = 64;

// What a rank shows to the others.
struct Board {
  int64_t num_nodes;
  std::array<int64_t, kMaxNodes> gradient_offsets;  // in bytes from the block's begin
  std::array<double, kMaxNodes> losses;
  int64_t correct;
  int64_t stop_requested;
};

// Bytes of `count` elements, rounded up to whole cache lines.
template <typename T>
int64_t AlignedBytes(int64_t count) {
  const auto line = static_cast<int64_t>(kCacheLineBytes);
  return (count * static_cast<int64_t>(sizeof(T)) + line - 1) / line * line;
}

class SharedCollectives : public Collectives {
 public:
  SharedCollectives(comm::Communicator& communicator, const ShardingPlan& sharding,
                    const std::vector<BatchPartition>& batches)
      : Collectives(batches), communicator_(communicator), sharding_(sharding) {
    for (const Range& piece : sharding.summed_of(communicator.rank())) {
      scattered_.piece_begins.push_back(piece.begin);
    }
  }

  absl::Status Open(int64_t max_batch_images, int64_t num_gradients) {
    std::vector<int64_t> gradients(static_cast<size_t>(communicator_.world_size()));
    CONVOY_RETURN_IF_ERROR(
        communicator_.AllGather(&num_gradients, sizeof(num_gradients), gradients.data()));
    const int64_t total = std::accumulate(gradients.begin(), gradients.end(), int64_t{0});
    const int64_t array_bytes = AlignedBytes<float>(sharding_.num_parameters());
    int64_t size = AlignedBytes<Board>(communicator_.world_size()) + (2 + total) * array_bytes;
    for (const nn::OuterProductGradient& kernel : sharding_.kernels()) {
      size += AlignedBytes<float>(max_batch_images * kernel.inputs) +
              AlignedBytes<float>(max_batch_images * kernel.units);
    }
    CONVOY_ASSIGN_OR_RETURN(block_, communicator_.AllocateShared(size));
    const auto self = gradients.begin() + communicator_.rank();
    SetArrays(max_batch_images, std::accumulate(gradients.begin(), self, int64_t{0}),
              num_gradients);
    return absl::OkStatus();
  }

  absl::StatusOr<const ScatteredSums*> ReduceScatter(size_t batch,
                                                     const Contribution& contribution) override {
    Board& mine = BoardOf(communicator_.rank());
    CONVOY_CHECK_LE(contribution.gradients.size(), kMaxNodes);
    mine.num_nodes = static_cast<int64_t>(contribution.gradients.size());
    for (size_t i = 0; i < contribution.gradients.size(); ++i) {
      mine.gradient_offsets[i] =
          reinterpret_cast<const uint8_t*>(contribution.gradients[i]) - block_->data();
      mine.losses[i] = contribution.losses[i];
    }
    mine.correct = contribution.correct;
    mine.stop_requested = contribution.stop_requested;
    CONVOY_RETURN_IF_ERROR(communicator_.Barrier());
    BeginScatter(batch);
    for (int rank = 0; rank < communicator_.world_size(); ++rank) ReadBoard(BoardOf(rank));
    return FinishScatter();
  }

  // The barrier before the next step's boards, too.
  absl::Status AllGather(int set) override { return communicator_.Barrier(); }

 private:
  // Places the arrays in the block; other ranks' gradients stand before and behind this one's.
  void SetArrays(int64_t max_batch_images, int64_t gradients_before, int64_t num_gradients) {
    int64_t next = AlignedBytes<Board>(communicator_.world_size());
    const auto take = [&](int64_t floats) {
      auto* array = reinterpret_cast<float*>(block_->data() + next);
      next += AlignedBytes<float>(floats);
      return array;
    };
    arrays_.weights_are_shared = true;
    for (float*& weights : arrays_.weights) weights = take(sharding_.num_parameters());
    for (const nn::OuterProductGradient& kernel : sharding_.kernels()) {
      FactorArrays& factors = arrays_.factors.emplace_back();
      factors.src = take(max_batch_images * kernel.inputs);
      factors.d_dst = take(max_batch_images * kernel.units);
    }
    next += gradients_before * AlignedBytes<float>(sharding_.num_parameters());
    for (int64_t i = 0; i < num_gradients; ++i) {
      arrays_.gradients.push_back(take(sharding_.num_parameters()));
    }
  }

  Board& BoardOf(int rank) const { return reinterpret_cast<Board*>(block_->data())[rank]; }

  void ReadBoard(const Board& board) {
    for (size_t i = 0; i < static_cast<size_t>(board.num_nodes); ++i) {
      AddNode(reinterpret_cast<const float*>(block_->data() + board.gradient_offsets[i]),
              board.losses[i]);
    }
    AddScalars(board.correct, board.stop_requested != 0);
  }

  comm::Communicator& communicator_;
  const ShardingPlan& sharding_;
  std::unique_ptr<comm::SharedBytes> block_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Collectives>> CreateSharedCollectives(
    comm::Communicator& communicator, const ShardingPlan& sharding,
    const std::vector<BatchPartition>& batches, int num_gradients) {
  auto collectives = std::make_unique<SharedCollectives>(communicator, sharding, batches);
  CONVOY_RETURN_IF_ERROR(collectives->Open(MostImages(batches), num_gradients));
  return collectives;
}

}  // namespace convoy::step
