// The naive reference of a whole network: plain loops in T through the reference kernels. In double
// it is what the gradients of fast code are measured against; for tests and benches, as it is slow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "common/kernels/conv/conv2d_ref.h"
#include "common/kernels/conv/depthwise_conv2d.h"
#include "common/kernels/dense/dense_ref.h"
#include "common/kernels/elementwise/activation_ref.h"
#include "common/kernels/elementwise/batch_norm_ref.h"
#include "common/kernels/elementwise/dropout_ref.h"
#include "common/kernels/elementwise/softmax_ref.h"
#include "common/kernels/pooling/average_pool_ref.h"
#include "common/kernels/pooling/max_pool_ref.h"
#include "common/nn/geometry.h"
#include "common/nn/network.h"
#include "common/nn/plan/operation.h"

namespace convoy::nn {

// What one layer made of the images of a pass.
template <typename T>
struct LayerTrace {
  std::vector<T> linear;        // [num_images, output]: what its activation function was given;
                                // empty for a layer that has none
  std::vector<T> output;        // [num_images, output]
  std::vector<int32_t> argmax;  // [num_images, output], MaxPooling2D: as kernels::MaxPoolForward
  std::vector<uint8_t> keep;    // [num_images, output], Dropout in training
  std::vector<T> mean;          // [channels], BatchNormalization: what it normalized by
  std::vector<T> variance;      // [channels], likewise
  std::vector<T> d_skip;        // [num_images, output]: the gradient that skips from it leave
};

// Runs any network in T, with the same parameter layout and the same dropout masks as Executor.
// Allocates at every call. Thread-compatible.
template <typename T>
class ReferenceNetwork {
 public:
  // `network` must outlive it.
  explicit ReferenceNetwork(const Network& network)
      : network_(network), traces_(network.layers().size()) {}

  // Runs forward as in training, with dropout. Returns the sum of the images' losses and writes its
  // gradient into `gradient` [num_parameters] unless that is null.
  //   weights [num_parameters]; images [num_images, height, width, channels], from 0 to 1;
  //   labels [num_images]
  T Loss(const Pass& pass, const T* weights, const T* images, const Label* labels, T* gradient) {
    Forward({.pass = pass, .training = true, .weights = weights}, images);
    std::vector<T> d_logits;
    const T loss = LossOfLogits(pass, labels, &d_logits);
    if (gradient != nullptr) {
      Backward({.pass = pass, .training = true, .weights = weights}, images, d_logits, gradient);
    }
    return loss;
  }

  // Runs forward without dropout; returns the sum of the images' losses. Arrays as for Loss.
  T Evaluate(int num_images, const T* weights, const T* images, const Label* labels) {
    Infer(num_images, weights, images);
    std::vector<T> d_logits;
    return LossOfLogits({.num_images = num_images}, labels, &d_logits);
  }

  // Runs forward without dropout; returns the logits [num_images, num_classes]. Arrays as for Loss.
  const std::vector<T>& Infer(int num_images, const T* weights, const T* images) {
    Forward({.pass = {.num_images = num_images}, .training = false, .weights = weights}, images);
    return logits();
  }

  // Of the last call: the logits [num_images, num_classes], what every layer made, and (not after
  // Infer) the number of right answers.
  const std::vector<T>& logits() const { return traces_.back().output; }
  const std::vector<LayerTrace<T>>& traces() const { return traces_; }
  int64_t correct() const { return correct_; }

 private:
  struct Run {
    Pass pass;
    bool training;
    const T* weights;
  };

  // One layer of a run: its input, what it makes of it and, on the way back, the gradients.
  struct Step {
    const Run& run;
    const Layer& layer;
    const T* src;
    LayerTrace<T>& trace;
    LayerTrace<T>* skip = nullptr;  // of an Add
    std::vector<T> d_dst = {};
    std::vector<T> d_src = {};
    T* gradient = nullptr;

    int num_images() const { return run.pass.num_images; }
    int64_t elems() const { return num_images() * ElemsOf(layer.output); }
    int inputs() const { return static_cast<int>(layer.input[0]); }
    int units() const { return static_cast<int>(layer.output[0]); }
    const T* kernel() const { return run.weights + WeightOffset(layer); }
    const T* bias() const {
      return BiasOffset(layer) < 0 ? nullptr : run.weights + BiasOffset(layer);
    }
    kernels::Activation activation() const { return ActivationKernel(LayerActivation(layer.kind)); }
  };

  void Forward(const Run& run, const T* images) {
    const T* src = images;
    for (const Layer& layer : network_.layers()) {
      LayerTrace<T>& trace = traces_[static_cast<size_t>(layer.ordinal)];
      Step step{.run = run, .layer = layer, .src = src, .trace = trace, .skip = SkipOf(layer)};
      trace.output.assign(static_cast<size_t>(step.elems()), T{0});
      std::visit([&step](const auto& spec) { ForwardLayer(spec, &step); }, layer.kind);
      src = trace.output.data();
    }
  }

  void Backward(const Run& run, const T* images, std::vector<T> d_dst, T* gradient) {
    const std::vector<Layer>& layers = network_.layers();
    for (LayerTrace<T>& trace : traces_) trace.d_skip.assign(trace.output.size(), T{0});
    for (size_t i = layers.size(); i-- > 0;) {
      for (size_t k = 0; k < d_dst.size(); ++k) d_dst[k] += traces_[i].d_skip[k];
      Step step{.run = run,
                .layer = layers[i],
                .src = i == 0 ? images : traces_[i - 1].output.data(),
                .trace = traces_[i],
                .skip = SkipOf(layers[i]),
                .d_dst = std::move(d_dst),
                .gradient = gradient};
      step.d_src.assign(static_cast<size_t>(run.pass.num_images * ElemsOf(layers[i].input)), T{0});
      std::visit([&step](const auto& spec) { BackwardLayer(spec, &step); }, layers[i].kind);
      d_dst = std::move(step.d_src);
    }
  }

  LayerTrace<T>* SkipOf(const Layer& layer) {
    return layer.skip_from < 0 ? nullptr : &traces_[static_cast<size_t>(layer.skip_from)];
  }

  // Also counts the right answers.
  T LossOfLogits(const Pass& pass, const Label* labels, std::vector<T>* d_logits) {
    std::vector<T> losses(static_cast<size_t>(pass.num_images));
    d_logits->resize(logits().size());
    correct_ = kernels::SoftmaxCrossEntropyRef(pass.num_images, network_.num_classes(),
                                               logits().data(), labels, d_logits->data(),
                                               losses.data(), static_cast<T>(pass.label_smoothing))
                   .correct;
    T sum = 0;
    for (const T loss : losses) sum += loss;
    return sum;
  }

  static void Activate(Step* step) {
    step->trace.linear = step->trace.output;
    kernels::ActivationForwardRef(step->activation(), step->trace.linear.data(),
                                  step->trace.output.data(), step->elems(),
                                  static_cast<T>(ActivationAlpha(step->layer.kind)));
  }

  // Makes d_dst the gradient of what the activation function was given.
  static void Deactivate(Step* step) {
    kernels::ActivationBackwardRef(step->activation(), step->trace.output.data(),
                                   step->d_dst.data(), step->d_dst.data(), step->elems(),
                                   static_cast<T>(ActivationAlpha(step->layer.kind)));
  }

  static void ForwardLayer(const Conv2dSpec&, Step* step) {
    kernels::Conv2dForwardRef(Conv2dGeometryOf(step->layer), step->num_images(), step->src,
                              step->kernel(), step->bias(), step->trace.output.data());
    Activate(step);
  }

  static void BackwardLayer(const Conv2dSpec&, Step* step) {
    Deactivate(step);
    T* d_bias = step->bias() == nullptr ? nullptr : step->gradient + BiasOffset(step->layer);
    kernels::Conv2dBackwardRef(Conv2dGeometryOf(step->layer), step->num_images(), step->src,
                               step->kernel(), step->d_dst.data(), step->d_src.data(),
                               step->gradient + WeightOffset(step->layer), d_bias);
  }

  static void ForwardLayer(const MaxPooling2dSpec&, Step* step) {
    step->trace.argmax.resize(step->trace.output.size());
    kernels::MaxPoolForwardRef(Pool2dGeometryOf(step->layer), step->num_images(), step->src,
                               step->trace.output.data(), step->trace.argmax.data());
  }

  static void BackwardLayer(const MaxPooling2dSpec&, Step* step) {
    kernels::MaxPoolBackwardRef(Pool2dGeometryOf(step->layer), step->num_images(),
                                step->d_dst.data(), step->trace.argmax.data(), step->d_src.data());
  }

  static void ForwardAverage(Step* step) {
    kernels::AveragePoolForwardRef(Pool2dGeometryOf(step->layer), step->num_images(), step->src,
                                   step->trace.output.data());
  }

  static void BackwardAverage(Step* step) {
    kernels::AveragePoolBackwardRef(Pool2dGeometryOf(step->layer), step->num_images(),
                                    step->d_dst.data(), step->d_src.data());
  }

  static void ForwardLayer(const AveragePooling2dSpec&, Step* step) { ForwardAverage(step); }
  static void BackwardLayer(const AveragePooling2dSpec&, Step* step) { BackwardAverage(step); }
  static void ForwardLayer(const GlobalAveragePooling2dSpec&, Step* step) { ForwardAverage(step); }
  static void BackwardLayer(const GlobalAveragePooling2dSpec&, Step* step) {
    BackwardAverage(step);
  }

  // Parameter 0 is gamma, then come beta, moving mean and moving variance.
  static void ForwardLayer(const BatchNormalizationSpec& spec, Step* step) {
    const int64_t channels = step->layer.output.back();
    const int64_t rows = step->elems() / channels;
    const auto parameter = [step](size_t i) {
      return step->run.weights + step->layer.parameters[i].offset;
    };
    LayerTrace<T>& trace = step->trace;
    trace.mean.assign(parameter(2), parameter(2) + channels);
    trace.variance.assign(parameter(3), parameter(3) + channels);
    const T epsilon = static_cast<T>(spec.epsilon);
    if (step->run.training) {
      kernels::BatchNormForwardRef(rows, channels, epsilon, step->src, parameter(0), parameter(1),
                                   trace.mean.data(), trace.variance.data(), trace.output.data());
      return;
    }
    for (int64_t i = 0; i < rows * channels; ++i) {
      const int64_t c = i % channels;
      const T deviation = std::sqrt(trace.variance[static_cast<size_t>(c)] + epsilon);
      trace.output[static_cast<size_t>(i)] =
          (step->src[i] - trace.mean[static_cast<size_t>(c)]) / deviation * parameter(0)[c] +
          parameter(1)[c];
    }
  }

  // Leaves the statistics, times the images, where the moving ones' gradients would be.
  static void BackwardLayer(const BatchNormalizationSpec& spec, Step* step) {
    const int64_t channels = step->layer.output.back();
    const std::vector<Parameter>& parameters = step->layer.parameters;
    const LayerTrace<T>& trace = step->trace;
    kernels::BatchNormBackwardRef(step->elems() / channels, channels, static_cast<T>(spec.epsilon),
                                  step->src, step->run.weights + parameters[0].offset,
                                  trace.mean.data(), trace.variance.data(), step->d_dst.data(),
                                  step->d_src.data(), step->gradient + parameters[0].offset,
                                  step->gradient + parameters[1].offset);
    const T images = static_cast<T>(step->num_images());
    for (int64_t c = 0; c < channels; ++c) {
      step->gradient[parameters[2].offset + c] = images * trace.mean[static_cast<size_t>(c)];
      step->gradient[parameters[3].offset + c] = images * trace.variance[static_cast<size_t>(c)];
    }
  }

  static void ForwardLayer(const GroupNormalizationSpec&, Step* step) {
    const std::vector<Parameter>& parameters = step->layer.parameters;
    kernels::GroupNormForward(GroupNormGeometryOf(step->layer), step->num_images(), step->src,
                              step->run.weights + parameters[0].offset,
                              step->run.weights + parameters[1].offset, step->trace.output.data());
  }

  static void BackwardLayer(const GroupNormalizationSpec&, Step* step) {
    const std::vector<Parameter>& parameters = step->layer.parameters;
    kernels::GroupNormBackward(GroupNormGeometryOf(step->layer), step->num_images(), step->src,
                               step->run.weights + parameters[0].offset, step->d_dst.data(),
                               step->d_src.data(), step->gradient + parameters[0].offset,
                               step->gradient + parameters[1].offset);
  }

  static void ForwardLayer(const DepthwiseConv2dSpec&, Step* step) {
    kernels::DepthwiseConv2dForward(Conv2dGeometryOf(step->layer), step->num_images(), step->src,
                                    step->kernel(), step->bias(), step->trace.output.data());
    Activate(step);
  }

  static void BackwardLayer(const DepthwiseConv2dSpec&, Step* step) {
    Deactivate(step);
    T* d_bias = step->bias() == nullptr ? nullptr : step->gradient + BiasOffset(step->layer);
    kernels::DepthwiseConv2dBackward(Conv2dGeometryOf(step->layer), step->num_images(), step->src,
                                     step->kernel(), step->d_dst.data(), step->d_src.data(),
                                     step->gradient + WeightOffset(step->layer), d_bias);
  }

  static T PerChannel(const std::vector<float>& values, int64_t channel) {
    return static_cast<T>(values[values.size() == 1 ? 0 : static_cast<size_t>(channel)]);
  }

  static void ForwardLayer(const RescalingSpec& spec, Step* step) {
    const int64_t channels = step->layer.output.back();
    for (int64_t i = 0; i < step->elems(); ++i) {
      step->trace.output[static_cast<size_t>(i)] =
          step->src[i] * PerChannel(spec.scale, i % channels) +
          PerChannel(spec.offset, i % channels);
    }
  }

  static void BackwardLayer(const RescalingSpec& spec, Step* step) {
    const int64_t channels = step->layer.output.back();
    for (int64_t i = 0; i < step->elems(); ++i) {
      step->d_src[static_cast<size_t>(i)] =
          step->d_dst[static_cast<size_t>(i)] * PerChannel(spec.scale, i % channels);
    }
  }

  // Calls visit(src, dst) with the places of every value within the padding.
  template <typename Visit>
  static void ForEachInside(const ZeroPadding2dSpec& spec, const Step& step, Visit visit) {
    const Shape& in = step.layer.input;
    const Shape& out = step.layer.output;
    for (int64_t i = 0; i < step.num_images() * ElemsOf(in); ++i) {
      const int64_t channel = i % in[2];
      const int64_t x = i / in[2] % in[1];
      const int64_t y = i / (in[2] * in[1]) % in[0];
      const int64_t row = i / ElemsOf(in) * out[0] + y + spec.top;
      visit(static_cast<size_t>(i),
            static_cast<size_t>((row * out[1] + x + spec.left) * out[2] + channel));
    }
  }

  static void ForwardLayer(const ZeroPadding2dSpec& spec, Step* step) {
    ForEachInside(spec, *step,
                  [step](size_t src, size_t dst) { step->trace.output[dst] = step->src[src]; });
  }

  static void BackwardLayer(const ZeroPadding2dSpec& spec, Step* step) {
    ForEachInside(spec, *step,
                  [step](size_t src, size_t dst) { step->d_src[src] = step->d_dst[dst]; });
  }

  static void ForwardLayer(const AddSpec&, Step* step) {
    for (size_t i = 0; i < step->trace.output.size(); ++i) {
      step->trace.output[i] = step->src[i] + step->skip->output[i];
    }
  }

  static void BackwardLayer(const AddSpec&, Step* step) {
    for (size_t i = 0; i < step->d_dst.size(); ++i) step->skip->d_skip[i] += step->d_dst[i];
    step->d_src = step->d_dst;
  }

  static void ForwardLayer(const FlattenSpec&, Step* step) {
    std::copy(step->src, step->src + step->elems(), step->trace.output.begin());
  }

  static void BackwardLayer(const FlattenSpec&, Step* step) { step->d_src = step->d_dst; }

  static void ForwardLayer(const DenseSpec&, Step* step) {
    kernels::DenseForwardRef(step->num_images(), step->inputs(), step->units(), step->src,
                             step->kernel(), step->bias(), step->trace.output.data());
    Activate(step);
  }

  static void BackwardLayer(const DenseSpec&, Step* step) {
    Deactivate(step);
    std::vector<T> unused(static_cast<size_t>(step->units()));
    T* d_bias = step->bias() == nullptr ? unused.data() : step->gradient + BiasOffset(step->layer);
    kernels::DenseBackwardRef(step->num_images(), step->inputs(), step->units(), step->src,
                              step->kernel(), step->d_dst.data(), step->d_src.data(),
                              step->gradient + WeightOffset(step->layer), d_bias);
  }

  static void ForwardLayer(const DropoutSpec& spec, Step* step) {
    if (!step->run.training) return ForwardLayer(FlattenSpec{}, step);
    const Pass& pass = step->run.pass;
    const kernels::DropoutKey key{.seed = pass.seed,
                                  .epoch = pass.epoch,
                                  .layer_ordinal = static_cast<uint32_t>(step->layer.ordinal)};
    step->trace.keep.resize(step->trace.output.size());
    kernels::DropoutForwardRef(key, static_cast<T>(spec.rate), pass.num_images,
                               ElemsOf(step->layer.output), pass.image_index, step->src,
                               step->trace.output.data(), step->trace.keep.data());
  }

  static void BackwardLayer(const DropoutSpec& spec, Step* step) {
    kernels::DropoutBackwardRef(static_cast<T>(spec.rate), step->elems(), step->trace.keep.data(),
                                step->d_dst.data(), step->d_src.data());
  }

  static void ForwardLayer(const ActivationSpec&, Step* step) {
    std::copy(step->src, step->src + step->elems(), step->trace.output.begin());
    Activate(step);
  }

  static void BackwardLayer(const ActivationSpec&, Step* step) {
    Deactivate(step);
    step->d_src = step->d_dst;
  }

  const Network& network_;
  std::vector<LayerTrace<T>> traces_;
  int64_t correct_ = 0;
};

}  // namespace convoy::nn
