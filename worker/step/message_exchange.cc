// The exchange by messages: an all-to-all and an all-gather a step.
//
// A message from rank s to owner o is, in floats:
//   header: the losses of s's nodes, its right answers, whether it was asked to stop (doubles)
//   for each node of s: its sums of the pieces of summed_of(o)
//   for each factored kernel: for each image of s, its inputs' columns in o's rows, then for each
//   image of s its output gradient
#include <algorithm>
#include <array>
#include <cstring>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "worker/step/exchange.h"

namespace convoy::reduce {
namespace {

constexpr int64_t kFloatsPerDouble = sizeof(double) / sizeof(float);
constexpr size_t kHeaderFlags = 2;

int64_t HeaderFloats(size_t num_nodes) {
  return static_cast<int64_t>(num_nodes + kHeaderFlags) * kFloatsPerDouble;
}

// Copies arrays one behind another into a message, or out of it.
class Writer {
 public:
  explicit Writer(float* out) : out_(out) {}
  void Put(const float* data, int64_t n) {
    std::copy(data, data + n, out_);
    out_ += n;
  }
  void PutDouble(double value) {
    std::memcpy(out_, &value, sizeof(value));
    out_ += kFloatsPerDouble;
  }

 private:
  float* out_;
};

class Reader {
 public:
  explicit Reader(const float* in) : in_(in) {}
  void Get(float* data, int64_t n) {
    std::copy(in_, in_ + n, data);
    in_ += n;
  }
  double GetDouble() {
    double value = 0;
    std::memcpy(&value, in_, sizeof(value));
    in_ += kFloatsPerDouble;
    return value;
  }
  const float* Skip(int64_t n) {
    const float* at = in_;
    in_ += n;
    return at;
  }

 private:
  const float* in_;
};

// Sizes and places of the messages of a batch.
struct Route {
  const BatchLayout* batch = nullptr;
  std::vector<int64_t> send_counts;
  std::vector<int64_t> send_offsets;
  std::vector<int64_t> recv_counts;
  std::vector<int64_t> recv_offsets;
  int64_t send_floats = 0;
  int64_t recv_floats = 0;
};

class MessageExchange : public Exchange {
 public:
  MessageExchange(comm::Communicator& communicator, const ParameterLayout& layout,
                  const ExchangeSizes& sizes, const std::vector<const BatchLayout*>& batches)
      : communicator_(communicator),
        layout_(layout),
        own_pieces_(layout.summed_of(communicator.rank())) {
    const auto num_parameters = static_cast<size_t>(layout.num_parameters());
    for (AlignedBuffer<float>& weights : weights_) weights = AlignedBuffer<float>(num_parameters);
    for (int i = 0; i < sizes.num_gradients; ++i) gradients_.emplace_back(num_parameters);
    for (const nn::OuterProductGradient& kernel : layout.kernels()) {
      src_.emplace_back(static_cast<size_t>(sizes.max_batch_images * kernel.inputs));
      d_dst_.emplace_back(static_cast<size_t>(sizes.max_batch_images * kernel.units));
    }
    int64_t next = 0;
    for (const Range& piece : own_pieces_) {
      packed_begin_.push_back(next);
      next += piece.size();
    }
    packed_own_ = next;
    PlanGather();
    PlanRoutes(batches);
  }

  float* weights(int which) override { return weights_[static_cast<size_t>(which)].data(); }
  bool weights_are_shared() const override { return false; }
  float* gradient(int i) override { return gradients_[static_cast<size_t>(i)].data(); }
  FactorArrays factors(size_t k) override {
    return {.src = src_[k].data(), .d_dst = d_dst_[k].data()};
  }

  absl::Status Publish(const BatchLayout& batch, const Contribution& contribution) override {
    const auto route = std::find_if(routes_.begin(), routes_.end(),
                                    [&](const Route& r) { return r.batch == &batch; });
    CONVOY_CHECK(route != routes_.end());
    for (int owner = 0; owner < communicator_.world_size(); ++owner) {
      Pack(*route, contribution, owner);
    }
    CONVOY_RETURN_IF_ERROR(communicator_.AllToAll(send_.data(), route->send_counts,
                                                  route->send_offsets, recv_.data(),
                                                  route->recv_counts, route->recv_offsets));
    sums_.clear();
    losses_.clear();
    correct_ = 0;
    stop_requested_ = false;
    for (int sender = 0; sender < communicator_.world_size(); ++sender) Unpack(*route, sender);
    return absl::OkStatus();
  }

  const std::vector<const float*>& sums() const override { return sums_; }
  int64_t source_begin(size_t piece) const override { return packed_begin_[piece]; }
  const std::vector<double>& losses() const override { return losses_; }
  int64_t correct() const override { return correct_; }
  bool stop_requested() const override { return stop_requested_; }

  absl::Status GatherWeights(int which) override {
    float* values = weights(which);
    const auto self = static_cast<size_t>(communicator_.rank());
    Writer writer(gathered_.data() + gather_offsets_[self]);
    for (const Range& range : owned_[self]) writer.Put(values + range.begin, range.size());
    CONVOY_RETURN_IF_ERROR(
        communicator_.AllGatherParts(gathered_.data(), gather_counts_, gather_offsets_));
    for (size_t rank = 0; rank < owned_.size(); ++rank) {
      if (rank == self) continue;
      Reader reader(gathered_.data() + gather_offsets_[rank]);
      for (const Range& range : owned_[rank]) reader.Get(values + range.begin, range.size());
    }
    return absl::OkStatus();
  }

 private:
  void PlanGather() {
    int64_t next = 0;
    for (int rank = 0; rank < communicator_.world_size(); ++rank) {
      owned_.push_back(layout_.OwnedBy(rank));
      gather_counts_.push_back(TotalSize(owned_.back()));
      gather_offsets_.push_back(next);
      next += gather_counts_.back();
    }
    gathered_ = AlignedBuffer<float>(static_cast<size_t>(next));
  }

  // The images of a rank's run of micro-batches.
  static Range ImagesOfRank(const BatchLayout& batch, int rank) {
    const Range run = batch.RunOfRank(rank);
    if (run.empty()) return {0, 0};
    return {batch.ImagesOf(run.begin).begin, batch.ImagesOf(run.end - 1).end};
  }

  int64_t MessageFloats(const BatchLayout& batch, int sender, int owner) const {
    const size_t num_nodes = batch.NodesOfRank(sender).size();
    const int64_t images = ImagesOfRank(batch, sender).size();
    int64_t floats = HeaderFloats(num_nodes) +
                     static_cast<int64_t>(num_nodes) * TotalSize(layout_.summed_of(owner));
    for (const KernelRows& part : layout_.rows_of(owner)) floats += images * part.rows.size();
    for (const nn::OuterProductGradient& kernel : layout_.kernels())
      floats += images * kernel.units;
    return floats;
  }

  void PlanRoutes(const std::vector<const BatchLayout*>& batches) {
    const int self = communicator_.rank();
    int64_t send_floats = 0;
    int64_t recv_floats = 0;
    for (const BatchLayout* batch : batches) {
      Route& route = routes_.emplace_back();
      route.batch = batch;
      for (int rank = 0; rank < communicator_.world_size(); ++rank) {
        route.send_offsets.push_back(route.send_floats);
        route.send_counts.push_back(MessageFloats(*batch, self, rank));
        route.send_floats += route.send_counts.back();
        route.recv_offsets.push_back(route.recv_floats);
        route.recv_counts.push_back(MessageFloats(*batch, rank, self));
        route.recv_floats += route.recv_counts.back();
      }
      send_floats = std::max(send_floats, route.send_floats);
      recv_floats = std::max(recv_floats, route.recv_floats);
    }
    send_ = AlignedBuffer<float>(static_cast<size_t>(send_floats));
    recv_ = AlignedBuffer<float>(static_cast<size_t>(recv_floats));
  }

  void Pack(const Route& route, const Contribution& contribution, int owner) {
    Writer writer(send_.data() + route.send_offsets[static_cast<size_t>(owner)]);
    for (const double loss : contribution.losses) writer.PutDouble(loss);
    writer.PutDouble(static_cast<double>(contribution.correct));
    writer.PutDouble(contribution.stop_requested ? 1 : 0);
    for (const float* gradient : contribution.gradients) {
      for (const Range& piece : layout_.summed_of(owner)) {
        writer.Put(gradient + piece.begin, piece.size());
      }
    }
    const Range images = ImagesOfRank(*route.batch, communicator_.rank());
    for (const KernelRows& part : layout_.rows_of(owner)) {
      const int inputs = layout_.kernels()[part.kernel].inputs;
      const float* src = src_[part.kernel].data() + part.rows.begin;
      for (int64_t i = images.begin; i < images.end; ++i) {
        writer.Put(src + i * inputs, part.rows.size());
      }
    }
    for (size_t k = 0; k < layout_.kernels().size(); ++k) {
      const int units = layout_.kernels()[k].units;
      writer.Put(d_dst_[k].data() + images.begin * units, images.size() * units);
    }
  }

  void Unpack(const Route& route, int sender) {
    Reader reader(recv_.data() + route.recv_offsets[static_cast<size_t>(sender)]);
    const size_t num_nodes = route.batch->NodesOfRank(sender).size();
    for (size_t i = 0; i < num_nodes; ++i) losses_.push_back(reader.GetDouble());
    correct_ += static_cast<int64_t>(reader.GetDouble());
    stop_requested_ |= reader.GetDouble() != 0;
    for (size_t i = 0; i < num_nodes; ++i) sums_.push_back(reader.Skip(packed_own_));
    const Range images = ImagesOfRank(*route.batch, sender);
    for (const KernelRows& part : layout_.rows_of(communicator_.rank())) {
      const int inputs = layout_.kernels()[part.kernel].inputs;
      float* src = src_[part.kernel].data() + part.rows.begin;
      for (int64_t i = images.begin; i < images.end; ++i) {
        reader.Get(src + i * inputs, part.rows.size());
      }
    }
    for (size_t k = 0; k < layout_.kernels().size(); ++k) {
      const int units = layout_.kernels()[k].units;
      reader.Get(d_dst_[k].data() + images.begin * units, images.size() * units);
    }
  }

  comm::Communicator& communicator_;
  const ParameterLayout& layout_;
  const std::vector<Range>& own_pieces_;
  std::array<AlignedBuffer<float>, 2> weights_;
  std::vector<AlignedBuffer<float>> gradients_;
  std::vector<AlignedBuffer<float>> src_;
  std::vector<AlignedBuffer<float>> d_dst_;
  std::vector<int64_t> packed_begin_;  // where the own pieces begin in a node's packed sums
  int64_t packed_own_ = 0;
  std::vector<std::vector<Range>> owned_;  // by each rank
  std::vector<int64_t> gather_counts_;
  std::vector<int64_t> gather_offsets_;
  AlignedBuffer<float> gathered_;
  std::vector<Route> routes_;
  AlignedBuffer<float> send_;
  AlignedBuffer<float> recv_;
  std::vector<const float*> sums_;
  std::vector<double> losses_;
  int64_t correct_ = 0;
  bool stop_requested_ = false;
};

}  // namespace

std::unique_ptr<Exchange> CreateMessageExchange(comm::Communicator& communicator,
                                                const ParameterLayout& layout,
                                                const ExchangeSizes& sizes,
                                                const std::vector<const BatchLayout*>& batches) {
  return std::make_unique<MessageExchange>(communicator, layout, sizes, batches);
}

}  // namespace convoy::reduce
