// An implementation of one or several consecutive layers: what a compiled network (plan.h) is made
// of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/check.h"
#include "common/nn/network.h"

namespace convoy::nn {

// One trip of a few images through the network, in one thread.
struct Pass {
  int num_images = 0;
  // The images themselves, bytes [height, width, channels] each, for a first operation that
  // takes_pixels().
  const uint8_t* const* pixels = nullptr;  // [num_images]
  // Training only: the images' numbers in the data set [num_images], the seed and the epoch. All
  // random draws are a function of these, so they do not depend on where the images are computed.
  const uint32_t* image_index = nullptr;
  uint64_t seed = 0;
  uint32_t epoch = 0;
  float label_smoothing = 0;  // of the loss; training only
};

// The memory an operation works in besides its source and destination.
struct OperationMemory {
  const float* weights = nullptr;   // all of the network's parameters
  const float* prepared = nullptr;  // what Prepare made of them
  std::byte* saved = nullptr;       // kept from Forward to Backward of the same pass
  std::byte* scratch = nullptr;     // free to use within a call
  // Of an operation that adds a skip: what is added, and the gradient of that, to which Backward
  // adds; null where nobody asks for it.
  const float* skip = nullptr;
  float* d_skip = nullptr;
};

// A weight matrix whose gradient is a sum of outer products, over the images, of the layer's inputs
// and its output gradients. These two are its sufficient factors: who has those of all images can
// make the gradient later, and they are smaller than it where the batch is. (Xie et al.,
// "Distributed machine learning via sufficient factor broadcasting", 2014.)
struct OuterProductGradient {
  int64_t weight_offset = 0;  // of the matrix [inputs, units] among the network's parameters
  int inputs = 0;
  int units = 0;
};

// Where a pass is to leave the factors of its images instead of the weight's gradient.
struct SufficientFactors {
  float* src = nullptr;    // [num_images, inputs]; null: the gradient itself is wanted
  float* d_dst = nullptr;  // [num_images, units]
};

// Immutable and thread-safe, given memory and arrays of one's own. No call allocates. Sources and
// destinations are [num_images] times the elements of the first layer's input and the last layer's
// output. The same pass gives the same bits, whatever thread runs it.
class Operation {
 public:
  virtual ~Operation() = default;

  // Says how it computes, for Plan::Explain: "dense in cache, zeros skipped".
  virtual std::string Describe() const = 0;

  // What Prepare writes: weights in another layout, made once for each new set of weights.
  virtual int64_t PreparedFloats() const { return 0; }
  virtual void Prepare(const float* weights, float* prepared) const {}

  virtual int64_t SavedBytes(int max_images) const { return 0; }
  virtual int64_t ScratchBytes(int max_images) const { return 0; }

  // Whether it reads the pass's pixels, scaled by 1 / 255, instead of its source. Only a network's
  // first operation may.
  virtual bool takes_pixels() const { return false; }

  // As in training: dropout is on, what Backward needs is saved.
  virtual void Forward(const Pass& pass, const OperationMemory& memory, const float* src,
                       float* dst) const = 0;

  // As in evaluation and prediction. Image by image the same bits, whatever batch an image is in.
  virtual void Infer(const Pass& pass, const OperationMemory& memory, const float* src,
                     float* dst) const = 0;

  // Given the gradient `d_dst` of the sum of the images' losses, which it may overwrite, computes
  // d_src (unless null) and writes (not adds) the gradient of its own parameters into `gradient`,
  // an array of all the network's parameters. `src` and `dst` are Forward's.
  virtual void Backward(const Pass& pass, const OperationMemory& memory, const float* src,
                        const float* dst, float* d_dst, float* d_src, float* gradient) const = 0;

  // The gradient that this operation can leave as sufficient factors, if it has one.
  virtual std::optional<OuterProductGradient> outer_product_gradient() const {
    return std::nullopt;
  }

  // As Backward, but leaves the factors of outer_product_gradient() in `factors`; that part of
  // `gradient` is not touched. REQUIRES: outer_product_gradient() has a value.
  virtual void BackwardToFactors(const Pass& pass, const OperationMemory& memory, const float* src,
                                 const float* dst, float* d_dst, float* d_src, float* gradient,
                                 const SufficientFactors& factors) const {
    CONVOY_CHECK(!"an operation without factors");
  }
};

// An operation that does the work of `num_layers` layers. A null operation does nothing: its layers
// only rename their input.
struct Match {
  std::unique_ptr<Operation> operation;
  int num_layers = 0;
  // Why faster ways to compute a part of the operation were not taken: "NAME: REASON".
  std::vector<std::string> declined;
};

// One way to implement layers. The factories that take a network's next layer are tried in order,
// from fast to general.
struct OperationFactory {
  const char* name;
  // Whether it is for layers of this kind.
  bool (*is_for)(const LayerKind& kind);
  // Returns an operation for the layers from `first` on, or UNIMPLEMENTED with the reason why it
  // declines them. REQUIRES: is_for the layer `first`.
  absl::StatusOr<Match> (*match)(const std::vector<Layer>& layers, size_t first);
};

}  // namespace convoy::nn
