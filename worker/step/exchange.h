// How what the ranks compute in a step reaches the owners, and the new weights all ranks. The
// memory that is exchanged belongs to the exchange: where all ranks are on one host it is shared
// and nothing is copied; else it goes by messages.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/step/batch_layout.h"
#include "worker/step/contribution.h"
#include "worker/step/parameter_layout.h"

namespace convoy::reduce {

// The factors of one kernel for the images of a batch, in order. A rank fills in its images' rows.
struct FactorArrays {
  float* src = nullptr;    // [batch_images, inputs]
  float* d_dst = nullptr;  // [batch_images, units]
};

// What an exchange has to have room for.
struct ExchangeSizes {
  int64_t max_batch_images = 0;
  int num_gradients = 0;  // of this rank
};

// Thread-compatible: the rank's training thread makes the collective calls.
class Exchange {
 public:
  virtual ~Exchange() = default;

  // Two sets of weights [num_parameters]. Where they are shared, rank 0 sets the first ones.
  virtual float* weights(int which) = 0;
  virtual bool weights_are_shared() const = 0;

  // This rank's arrays [num_parameters] for gradients, 0 <= i < num_gradients.
  virtual float* gradient(int i) = 0;

  // The factors of kernel `k` of the layout.
  virtual FactorArrays factors(size_t k) = 0;

  // COLLECTIVE. Makes this rank's contribution, whose gradients are among gradient(i), and its
  // images' factors known to the owners. After it, until GatherWeights, sums() and the scalars are
  // those of the step and factors() has all that this rank's rows of kernels need.
  virtual absl::Status Publish(const BatchLayout& batch, const Contribution& contribution) = 0;

  // The nodes' sums of all ranks, in order of nodes. Element p of a piece of summed_of(own rank),
  // whose number is `piece`, stands at [p - piece's begin + source_begin(piece)].
  virtual const std::vector<const float*>& sums() const = 0;
  virtual int64_t source_begin(size_t piece) const = 0;

  // The losses of the same nodes, and the other scalars added up over all ranks.
  virtual const std::vector<double>& losses() const = 0;
  virtual int64_t correct() const = 0;
  virtual bool stop_requested() const = 0;

  // COLLECTIVE. Makes what each rank has written of weights(which), its own part, known to all.
  virtual absl::Status GatherWeights(int which) = 0;
};

// COLLECTIVE. Memory that the ranks of one host share. REQUIRES: communicator.on_one_host(). All
// references must outlive the exchange.
absl::StatusOr<std::unique_ptr<Exchange>> CreateSharedExchange(comm::Communicator& communicator,
                                                               const ParameterLayout& layout,
                                                               const ExchangeSizes& sizes);

// Messages, for ranks anywhere. `batches` are all that steps will come with.
std::unique_ptr<Exchange> CreateMessageExchange(comm::Communicator& communicator,
                                                const ParameterLayout& layout,
                                                const ExchangeSizes& sizes,
                                                const std::vector<const BatchLayout*>& batches);

}  // namespace convoy::reduce
