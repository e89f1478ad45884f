// How the ranks' sums of gradients reach the owners of the parameters (reduce-scatter), and the new
// weights all ranks (all-gather). Where all ranks are on one host the arrays lie in memory that
// they share, and nothing is copied; else the collectives are messages.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/step/batch_partition.h"
#include "worker/step/contribution.h"
#include "worker/step/sharding_plan.h"
#include "worker/step/summation_tree.h"

namespace convoy::step {

// The sufficient factors of one dense kernel's gradient for the images of a batch, in order. A rank
// fills in its images' rows.
struct FactorArrays {
  float* src = nullptr;    // [batch_images, inputs]
  float* d_dst = nullptr;  // [batch_images, units]
};

// The arrays that a rank's steps work on. They belong to the collectives.
struct StepArrays {
  std::array<float*, 2> weights{};    // two sets [num_parameters]
  bool weights_are_shared = false;    // all ranks see the same ones: rank 0 sets the first
  std::vector<float*> gradients;      // each [num_parameters], for this rank's sums
  std::vector<FactorArrays> factors;  // of each factored kernel of the sharding plan
};

// What an owner has after the scatter: all that its shard of the gradient is reduced from. The
// addition itself is the owner's (ShardedOptimizer), block by block, so that a block goes on to the
// optimizer while it is in cache.
struct ScatteredSums {
  const SumProgram* tree = nullptr;     // adds `gradients` up
  std::vector<const float*> gradients;  // the nodes' sums of all ranks, in order of nodes
  // Element p of the shard's piece i, that is, of summed_of(own rank)[i], stands in each of
  // `gradients` at p - piece.begin + piece_begins[i].
  std::vector<int64_t> piece_begins;
  int batch_images = 0;  // rows of the factors, which are complete for this rank's rows of kernels
  StepResult result;     // the scalars, reduced: the same on every rank
};

// Thread-compatible: the rank's training thread makes the calls. Every call is COLLECTIVE.
class Collectives {
 public:
  virtual ~Collectives() = default;

  // Hands this rank's contribution to `batch`, an index into the step's batches, and the factors of
  // its images to the owners. contribution.gradients are among arrays().gradients. The result is
  // valid until the next call.
  virtual absl::StatusOr<const ScatteredSums*> ReduceScatter(size_t batch,
                                                             const Contribution& contribution) = 0;

  // Makes what each rank has written of arrays().weights[set], its own shard, known to all.
  virtual absl::Status AllGather(int set) = 0;

  const StepArrays& arrays() const { return arrays_; }

 protected:
  explicit Collectives(const std::vector<BatchPartition>& batches);

  // The bookkeeping of a scatter: BeginScatter, AddNode in order of nodes, FinishScatter.
  void BeginScatter(size_t batch);
  void AddScalars(int64_t correct, bool stop_requested);
  void AddNode(const float* gradient, double loss);
  const ScatteredSums* FinishScatter();

  StepArrays arrays_;
  ScatteredSums scattered_;  // implementations set piece_begins

 private:
  struct Batch {
    SumProgram tree;  // over the nodes of all ranks
    int images;
  };
  std::vector<Batch> batches_;
  std::vector<double> losses_;  // of the scattered nodes
};

// COLLECTIVE. Memory that the ranks of one host share. REQUIRES: communicator.on_one_host().
// `num_gradients` is this rank's number of arrays. All references must outlive the collectives.
absl::StatusOr<std::unique_ptr<Collectives>> CreateSharedCollectives(
    comm::Communicator& communicator, const ShardingPlan& sharding,
    const std::vector<BatchPartition>& batches, int num_gradients);

// The same by messages, for ranks anywhere.
std::unique_ptr<Collectives> CreateMessageCollectives(comm::Communicator& communicator,
                                                      const ShardingPlan& sharding,
                                                      const std::vector<BatchPartition>& batches,
                                                      int num_gradients);

// COLLECTIVE. The faster of the two that the ranks' hosts allow.
absl::StatusOr<std::unique_ptr<Collectives>> CreateCollectives(
    comm::Communicator& communicator, const ShardingPlan& sharding,
    const std::vector<BatchPartition>& batches, int num_gradients);

}  // namespace convoy::step
