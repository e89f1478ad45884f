// Reduce-scatter and all-gather by messages, for ranks on several hosts: one all-to-all
// (MPI_Alltoallv) that moves every rank's sums to their owners, who add them up, and one all-gather
// (MPI_Allgatherv) a step. MPI_Reduce_scatter itself would not do: it adds in an order of its own.
// Large dense kernels travel as sufficient factors instead of gradients (sufficient factor
// broadcasting, Xie et al. 2014).
//
// A message from rank s to owner o is, in floats or, where the exchange rounds, in numbers of 16
// bits:
//   header: the losses of s's nodes, its right answers, whether it was asked to stop (doubles)
//   for each node of s: its sums of the pieces of summed_of(o)
//   for each factored kernel: for each image of s, its inputs' columns in o's rows, then for each
//   image of s its output gradient
// All of it is rounded already, so packing is exact (exchange.h).
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "common/base/aligned_buffer.h"
#include "common/base/status.h"
#include "worker/step/collectives.h"
#include "worker/step/message_sizes.h"

namespace convoy::step {
namespace {

// Puts doubles, and arrays of numbers as they are sent, one behind another into a message.
class Writer {
 public:
  explicit Writer(float* out) : out_(reinterpret_cast<std::byte*>(out)) {}

  void PutDouble(double value) {
    std::memcpy(out_, &value, sizeof(value));
    out_ += sizeof(value);
  }
  void Put(Exchange exchange, const float* data, int64_t n) {
    PackFor(exchange, data, n, out_);
    out_ += n * BytesOfNumber(exchange);
  }

 private:
  std::byte* out_;
};

// The same out of a message.
class Reader {
 public:
  explicit Reader(const float* in) : in_(reinterpret_cast<const std::byte*>(in)) {}

  double GetDouble() {
    double value = 0;
    std::memcpy(&value, in_, sizeof(value));
    in_ += sizeof(value);
    return value;
  }
  void Get(Exchange exchange, float* data, int64_t n) {
    UnpackFor(exchange, in_, n, data);
    in_ += n * BytesOfNumber(exchange);
  }

  // Returns where n floats stand in the message, and goes on behind them.
  const float* SkipFloats(int64_t n) {
    const auto* at = reinterpret_cast<const float*>(in_);
    in_ += n * BytesOfNumber(Exchange::kFloat32);
    return at;
  }

 private:
  const std::byte* in_;
};

// Sizes and places of the messages of a batch.
struct Route {
  const BatchPartition& batch;
  std::vector<int64_t> send_counts;
  std::vector<int64_t> send_offsets;
  std::vector<int64_t> recv_counts;
  std::vector<int64_t> recv_offsets;
  int64_t send_floats = 0;
  int64_t recv_floats = 0;
};

class MessageCollectives : public Collectives {
 public:
  MessageCollectives(comm::Communicator& communicator, const ShardingPlan& sharding,
                     const std::vector<BatchPartition>& batches, int num_gradients)
      : Collectives(batches), communicator_(communicator), sharding_(sharding) {
    const int64_t num_parameters = sharding.num_parameters();
    for (float*& weights : arrays_.weights) weights = Allocate(num_parameters);
    for (int i = 0; i < num_gradients; ++i) arrays_.gradients.push_back(Allocate(num_parameters));
    const int64_t images = MostImages(batches);
    for (const nn::OuterProductGradient& kernel : sharding.kernels()) {
      arrays_.factors.push_back(
          {.src = Allocate(images * kernel.inputs), .d_dst = Allocate(images * kernel.units)});
    }
    for (const Range& piece : sharding.summed_of(communicator.rank())) {
      scattered_.piece_begins.push_back(shard_floats_);
      shard_floats_ += piece.size();
    }
    PlanGather();
    PlanRoutes(batches);
  }

  absl::StatusOr<const ScatteredSums*> ReduceScatter(size_t batch,
                                                     const Contribution& contribution) override {
    const Route& route = routes_[batch];
    for (int owner = 0; owner < communicator_.world_size(); ++owner) {
      Pack(route, contribution, owner);
    }
    CONVOY_RETURN_IF_ERROR(communicator_.AllToAll(send_.data(), route.send_counts,
                                                  route.send_offsets, recv_.data(),
                                                  route.recv_counts, route.recv_offsets));
    BeginScatter(batch);
    float* next_sum = sums_.data();
    for (int sender = 0; sender < communicator_.world_size(); ++sender) {
      Unpack(route, sender, &next_sum);
    }
    return FinishScatter();
  }

  absl::Status AllGather(int set) override {
    float* values = arrays_.weights[static_cast<size_t>(set)];
    const auto self = static_cast<size_t>(communicator_.rank());
    Writer writer(gathered_.data() + gather_offsets_[self]);
    for (const auto& [range, exchange] : owned_[self]) {
      writer.Put(exchange, values + range.begin, range.size());
    }
    CONVOY_RETURN_IF_ERROR(
        communicator_.AllGatherParts(gathered_.data(), gather_counts_, gather_offsets_));
    for (size_t rank = 0; rank < owned_.size(); ++rank) {
      if (rank == self) continue;
      Reader reader(gathered_.data() + gather_offsets_[rank]);
      for (const auto& [range, exchange] : owned_[rank]) {
        reader.Get(exchange, values + range.begin, range.size());
      }
    }
    return absl::OkStatus();
  }

 private:
  Exchange exchange() const { return sharding_.exchange(); }

  float* Allocate(int64_t floats) {
    return memory_.emplace_back(static_cast<size_t>(floats)).data();
  }

  void PlanGather() {
    const MessageSizes sizes(sharding_);
    int64_t next = 0;
    for (int rank = 0; rank < communicator_.world_size(); ++rank) {
      std::vector<ShardingPlan::WeightRun>& owned = owned_.emplace_back();
      for (const Range& range : sharding_.OwnedBy(rank)) {
        const std::vector<ShardingPlan::WeightRun> runs = sharding_.WeightRuns(range);
        owned.insert(owned.end(), runs.begin(), runs.end());
      }
      gather_counts_.push_back(sizes.Gathered(rank));
      gather_offsets_.push_back(next);
      next += gather_counts_.back();
    }
    gathered_ = AlignedBuffer<float>(static_cast<size_t>(next));
  }

  void PlanRoutes(const std::vector<BatchPartition>& batches) {
    const int self = communicator_.rank();
    const MessageSizes sizes(sharding_);
    int64_t send_floats = 0;
    int64_t recv_floats = 0;
    size_t num_nodes = 0;
    for (const BatchPartition& batch : batches) {
      Route& route = routes_.emplace_back(Route{.batch = batch});
      for (int rank = 0; rank < communicator_.world_size(); ++rank) {
        route.send_offsets.push_back(route.send_floats);
        route.send_counts.push_back(sizes.Scattered(batch, self, rank));
        route.send_floats += route.send_counts.back();
        route.recv_offsets.push_back(route.recv_floats);
        route.recv_counts.push_back(sizes.Scattered(batch, rank, self));
        route.recv_floats += route.recv_counts.back();
      }
      send_floats = std::max(send_floats, route.send_floats);
      recv_floats = std::max(recv_floats, route.recv_floats);
      num_nodes = std::max(num_nodes, batch.NodesOfAllRanks().size());
    }
    if (Rounds(exchange())) {
      sums_ = AlignedBuffer<float>(num_nodes * static_cast<size_t>(shard_floats_));
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
      for (const Range& piece : sharding_.summed_of(owner)) {
        writer.Put(exchange(), gradient + piece.begin, piece.size());
      }
    }
    const Range images = route.batch.ImagesOfRank(communicator_.rank());
    for (const KernelRows& part : sharding_.rows_of(owner)) {
      const int inputs = sharding_.kernels()[part.kernel].inputs;
      const float* src = arrays_.factors[part.kernel].src + part.rows.begin;
      for (int64_t i = images.begin; i < images.end; ++i) {
        writer.Put(exchange(), src + i * inputs, part.rows.size());
      }
    }
    for (size_t k = 0; k < sharding_.kernels().size(); ++k) {
      const int units = sharding_.kernels()[k].units;
      writer.Put(exchange(), arrays_.factors[k].d_dst + images.begin * units,
                 images.size() * units);
    }
  }

  // `next` is where sums are unpacked to, if they are; moves on.
  void Unpack(const Route& route, int sender, float** next) {
    const float* message = recv_.data() + route.recv_offsets[static_cast<size_t>(sender)];
    const size_t num_nodes = route.batch.NodesOfRank(sender).size();
    Reader header(message);
    Reader body(message + HeaderFloats(num_nodes));
    for (size_t i = 0; i < num_nodes; ++i) AddNode(NextSum(body, next), header.GetDouble());
    const auto correct = static_cast<int64_t>(header.GetDouble());
    AddScalars(correct, header.GetDouble() != 0);
    const Range images = route.batch.ImagesOfRank(sender);
    for (const KernelRows& part : sharding_.rows_of(communicator_.rank())) {
      const int inputs = sharding_.kernels()[part.kernel].inputs;
      float* src = arrays_.factors[part.kernel].src + part.rows.begin;
      for (int64_t i = images.begin; i < images.end; ++i) {
        body.Get(exchange(), src + i * inputs, part.rows.size());
      }
    }
    for (size_t k = 0; k < sharding_.kernels().size(); ++k) {
      const int units = sharding_.kernels()[k].units;
      body.Get(exchange(), arrays_.factors[k].d_dst + images.begin * units, images.size() * units);
    }
  }

  // Returns the next node's sums: where they stand in the message, or unpacked to `next`.
  const float* NextSum(Reader& body, float** next) {
    if (!Rounds(exchange())) return body.SkipFloats(shard_floats_);
    float* sum = *next;
    *next += shard_floats_;
    body.Get(exchange(), sum, shard_floats_);
    return sum;
  }

  comm::Communicator& communicator_;
  const ShardingPlan& sharding_;
  std::vector<AlignedBuffer<float>> memory_;  // of arrays_
  int64_t shard_floats_ = 0;                  // of this rank's pieces: a node's share of a message
  std::vector<std::vector<ShardingPlan::WeightRun>> owned_;  // by each rank
  std::vector<int64_t> gather_counts_;
  std::vector<int64_t> gather_offsets_;
  AlignedBuffer<float> gathered_;
  std::vector<Route> routes_;  // of each batch
  AlignedBuffer<float> send_;
  AlignedBuffer<float> recv_;
  AlignedBuffer<float> sums_;  // unpacked, of the nodes of all ranks; empty where they are floats
};

}  // namespace

std::unique_ptr<Collectives> CreateMessageCollectives(comm::Communicator& communicator,
                                                      const ShardingPlan& sharding,
                                                      const std::vector<BatchPartition>& batches,
                                                      int num_gradients) {
  return std::make_unique<MessageCollectives>(communicator, sharding, batches, num_gradients);
}

}  // namespace convoy::step
