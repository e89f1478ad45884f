// The exchange between ranks of one host: two barriers a step, no copies.
#include <algorithm>
#include <array>
#include <numeric>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "worker/step/exchange.h"

namespace convoy::reduce {
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

int64_t RoundUpToLine(int64_t num_bytes) {
  const auto line = static_cast<int64_t>(kCacheLineBytes);
  return (num_bytes + line - 1) / line * line;
}

class SharedExchange : public Exchange {
 public:
  SharedExchange(comm::Communicator& communicator, const ParameterLayout& layout,
                 const ExchangeSizes& sizes)
      : communicator_(communicator), layout_(layout), sizes_(sizes) {}

  absl::Status Open() {
    std::vector<int64_t> gradients(static_cast<size_t>(communicator_.world_size()));
    const int64_t own = sizes_.num_gradients;
    CONVOY_RETURN_IF_ERROR(communicator_.AllGather(&own, sizeof(own), gradients.data()));
    const auto self = gradients.begin() + communicator_.rank();
    const int64_t before = std::accumulate(gradients.begin(), self, int64_t{0});
    const int64_t total = std::accumulate(self, gradients.end(), before);
    boards_offset_ = 0;
    int64_t next = Take<Board>(communicator_.world_size());
    for (int64_t& offset : weights_offset_) {
      offset = next;
      next += Take<float>(layout_.num_parameters());
    }
    for (const nn::OuterProductGradient& kernel : layout_.kernels()) {
      src_offsets_.push_back(next);
      next += Take<float>(sizes_.max_batch_images * kernel.inputs);
      d_dst_offsets_.push_back(next);
      next += Take<float>(sizes_.max_batch_images * kernel.units);
    }
    gradients_offset_ = next + before * Take<float>(layout_.num_parameters());
    next += total * Take<float>(layout_.num_parameters());
    CONVOY_ASSIGN_OR_RETURN(block_, communicator_.AllocateShared(next));
    sums_.reserve(kMaxNodes);
    losses_.reserve(kMaxNodes);
    return absl::OkStatus();
  }

  float* weights(int which) override { return Floats(weights_offset_[static_cast<size_t>(which)]); }
  bool weights_are_shared() const override { return true; }

  float* gradient(int i) override {
    return Floats(gradients_offset_ + i * Take<float>(layout_.num_parameters()));
  }

  FactorArrays factors(size_t k) override {
    return {.src = Floats(src_offsets_[k]), .d_dst = Floats(d_dst_offsets_[k])};
  }

  absl::Status Publish(const BatchLayout& batch, const Contribution& contribution) override {
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
    ReadBoards();
    return absl::OkStatus();
  }

  const std::vector<const float*>& sums() const override { return sums_; }
  int64_t source_begin(size_t piece) const override {
    return layout_.summed_of(communicator_.rank())[piece].begin;
  }
  const std::vector<double>& losses() const override { return losses_; }
  int64_t correct() const override { return correct_; }
  bool stop_requested() const override { return stop_requested_; }

  absl::Status GatherWeights(int which) override { return communicator_.Barrier(); }

 private:
  template <typename T>
  static int64_t Take(int64_t count) {
    return RoundUpToLine(count * static_cast<int64_t>(sizeof(T)));
  }

  float* Floats(int64_t offset) const { return reinterpret_cast<float*>(block_->data() + offset); }

  Board& BoardOf(int rank) const {
    return reinterpret_cast<Board*>(block_->data() + boards_offset_)[rank];
  }

  void ReadBoards() {
    sums_.clear();
    losses_.clear();
    correct_ = 0;
    stop_requested_ = false;
    for (int rank = 0; rank < communicator_.world_size(); ++rank) {
      const Board& board = BoardOf(rank);
      for (size_t i = 0; i < static_cast<size_t>(board.num_nodes); ++i) {
        sums_.push_back(Floats(board.gradient_offsets[i]));
        losses_.push_back(board.losses[i]);
      }
      correct_ += board.correct;
      stop_requested_ |= board.stop_requested != 0;
    }
  }

  comm::Communicator& communicator_;
  const ParameterLayout& layout_;
  const ExchangeSizes sizes_;
  std::unique_ptr<comm::SharedBytes> block_;
  int64_t boards_offset_ = 0;
  std::array<int64_t, 2> weights_offset_{};
  std::vector<int64_t> src_offsets_;
  std::vector<int64_t> d_dst_offsets_;
  int64_t gradients_offset_ = 0;
  std::vector<const float*> sums_;
  std::vector<double> losses_;
  int64_t correct_ = 0;
  bool stop_requested_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Exchange>> CreateSharedExchange(comm::Communicator& communicator,
                                                               const ParameterLayout& layout,
                                                               const ExchangeSizes& sizes) {
  auto exchange = std::make_unique<SharedExchange>(communicator, layout, sizes);
  CONVOY_RETURN_IF_ERROR(exchange->Open());
  return exchange;
}

}  // namespace convoy::reduce
