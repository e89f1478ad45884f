#include "common/nn/plan/clear_decisions_testing.h"

#include <algorithm>
#include <cmath>

namespace convoy::nn {
namespace {

std::vector<double> Magnitudes(const double* values, size_t n) {
  std::vector<double> magnitudes(values, values + n);
  for (double& value : magnitudes) value = std::abs(value);
  return magnitudes;
}

std::vector<double> Squares(std::vector<double> values) {
  for (double& value : values) value *= value;
  return values;
}

// Applies a Conv2D or Dense without its activation; `bias` may be null.
std::vector<double> ApplyLinear(const Layer& layer, int n, const std::vector<double>& src,
                                const double* kernel, const double* bias) {
  std::vector<double> dst(static_cast<size_t>(n * ElemsOf(layer.output)));
  if (std::holds_alternative<Conv2dSpec>(layer.kind)) {
    kernels::Conv2dForwardRef(Conv2dGeometryOf(layer), n, src.data(), kernel, bias, dst.data());
  } else {
    kernels::DenseForwardRef(n, static_cast<int>(layer.input[0]), static_cast<int>(layer.output[0]),
                             src.data(), kernel, bias, dst.data());
  }
  return dst;
}

// Calls visit(output index, source index) for every value that competes for an output of the pool.
template <typename Visitor>
void ForEachCompetitor(const kernels::Pool2dGeometry& g, int n, Visitor visit) {
  size_t dst = 0;
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t place = 0; place < int64_t{g.out_height} * g.out_width; ++place) {
      for (int64_t c = 0; c < g.channels; ++c, ++dst) {
        for (int64_t k = 0; k < int64_t{g.pool_height} * g.pool_width; ++k) {
          const int64_t ih = place / g.out_width * g.stride_height - g.pad_top + k / g.pool_width;
          const int64_t iw = place % g.out_width * g.stride_width - g.pad_left + k % g.pool_width;
          if (ih < 0 || ih >= g.in_height || iw < 0 || iw >= g.in_width) continue;
          const int64_t src = ((image * g.in_height + ih) * g.in_width + iw) * g.channels + c;
          visit(dst, static_cast<size_t>(src));
        }
      }
    }
  }
}

// Layers that test networks have only where no layer behind them decides anything.
bool IsFollowedRoughly(const LayerKind& kind) {
  return std::holds_alternative<AddSpec>(kind) ||
         std::holds_alternative<DepthwiseConv2dSpec>(kind) ||
         std::holds_alternative<GroupNormalizationSpec>(kind) ||
         std::holds_alternative<RescalingSpec>(kind) ||
         std::holds_alternative<ZeroPadding2dSpec>(kind);
}

// Goes through the layers with the uncertainty of every value.
class Follower {
 public:
  Follower(int num_images, const std::vector<double>& weights, double rounding)
      : num_images_(num_images),
        magnitudes_(Magnitudes(weights.data(), weights.size())),
        squares_(Squares(weights)),
        rounding_(rounding) {}

  // Follows one layer; returns whether it decides clearly. `uncertainty` is src's, then dst's.
  bool Follow(const Layer& layer, const double* src, const LayerTrace<double>& trace,
              std::vector<double>* uncertainty) const {
    if (std::holds_alternative<MaxPooling2dSpec>(layer.kind)) {
      return FollowPool(Pool2dGeometryOf(layer), src, trace.output, uncertainty);
    }
    if (std::holds_alternative<AveragePooling2dSpec>(layer.kind) ||
        std::holds_alternative<GlobalAveragePooling2dSpec>(layer.kind)) {
      *uncertainty = LargestOfWindows(Pool2dGeometryOf(layer), trace.output.size(), *uncertainty);
    }
    if (std::holds_alternative<BatchNormalizationSpec>(layer.kind)) {
      FollowNormalization(layer, trace, uncertainty);
    }
    if (std::holds_alternative<Conv2dSpec>(layer.kind) ||
        std::holds_alternative<DenseSpec>(layer.kind)) {
      FollowLinear(layer, src, uncertainty);
    }
    if (IsFollowedRoughly(layer.kind)) {
      const double largest = *std::max_element(uncertainty->begin(), uncertainty->end());
      uncertainty->assign(trace.output.size(), largest);
    }
    if (const auto* dropout = std::get_if<DropoutSpec>(&layer.kind)) {
      for (double& u : *uncertainty) u /= 1 - static_cast<double>(dropout->rate);
    }
    const ActivationFunction activation = LayerActivation(layer.kind);
    const bool bends_at_zero = activation == ActivationFunction::kRelu ||
                               activation == ActivationFunction::kLeakyRelu ||
                               activation == ActivationFunction::kElu;
    return !bends_at_zero || ReluIsClear(trace.linear, *uncertainty);
  }

 private:
  void FollowLinear(const Layer& layer, const double* src, std::vector<double>* uncertainty) const {
    const double* kernel = magnitudes_.data() + WeightOffset(layer);
    const double* bias = BiasOffset(layer) < 0 ? nullptr : magnitudes_.data() + BiasOffset(layer);
    const std::vector<double> terms =
        ApplyLinear(layer, num_images_, Magnitudes(src, uncertainty->size()), kernel, bias);
    const std::vector<double> propagated = ApplyLinear(
        layer, num_images_, Squares(*uncertainty), squares_.data() + WeightOffset(layer), nullptr);
    uncertainty->resize(terms.size());
    for (size_t i = 0; i < terms.size(); ++i) {
      (*uncertainty)[i] = std::sqrt(propagated[i]) + rounding_ * terms[i];
    }
  }

  std::vector<double> LargestOfWindows(const kernels::Pool2dGeometry& g, size_t outputs,
                                       const std::vector<double>& uncertainty) const {
    std::vector<double> largest(outputs);
    ForEachCompetitor(g, num_images_, [&](size_t d, size_t s) {
      largest[d] = std::max(largest[d], uncertainty[s]);
    });
    return largest;
  }

  // Mean and deviation of a channel are as uncertain as its most uncertain value.
  void FollowNormalization(const Layer& layer, const LayerTrace<double>& trace,
                           std::vector<double>* uncertainty) const {
    const auto channels = static_cast<size_t>(layer.output.back());
    const double* gamma = magnitudes_.data() + layer.parameters[0].offset;
    const auto epsilon = static_cast<double>(std::get<BatchNormalizationSpec>(layer.kind).epsilon);
    std::vector<double> largest(channels);
    for (size_t i = 0; i < uncertainty->size(); ++i) {
      largest[i % channels] = std::max(largest[i % channels], (*uncertainty)[i]);
    }
    for (size_t i = 0; i < uncertainty->size(); ++i) {
      const size_t c = i % channels;
      const double factor = gamma[c] / std::sqrt(trace.variance[c] + epsilon);
      (*uncertainty)[i] = factor * ((*uncertainty)[i] + 2 * largest[c]) +
                          rounding_ * (std::abs(trace.output[i]) + 1);
    }
  }

  bool FollowPool(const kernels::Pool2dGeometry& g, const double* src,
                  const std::vector<double>& dst, std::vector<double>* uncertainty) const {
    std::vector<double> largest = LargestOfWindows(g, dst.size(), *uncertainty);
    bool clear = true;
    ForEachCompetitor(g, num_images_, [&](size_t d, size_t s) {
      const double gap = dst[d] - src[s];
      if (gap > 0 && gap <= largest[d] + (*uncertainty)[s]) clear = false;
    });
    *uncertainty = std::move(largest);
    return clear;
  }

  static bool ReluIsClear(const std::vector<double>& linear,
                          const std::vector<double>& uncertainty) {
    for (size_t i = 0; i < linear.size(); ++i) {
      if (linear[i] != 0 && std::abs(linear[i]) <= uncertainty[i]) return false;
    }
    return true;
  }

  int num_images_;
  std::vector<double> magnitudes_;  // of the weights
  std::vector<double> squares_;     // of the weights
  double rounding_;
};

}  // namespace

bool DecidesClearly(const Network& network, const ReferenceNetwork<double>& reference,
                    int num_images, const std::vector<double>& weights,
                    const std::vector<double>& images, double rounding) {
  const Follower follower(num_images, weights, rounding);
  std::vector<double> uncertainty = Magnitudes(images.data(), images.size());
  for (double& u : uncertainty) u *= rounding;
  const double* src = images.data();
  for (const Layer& layer : network.layers()) {
    const LayerTrace<double>& trace = reference.traces()[static_cast<size_t>(layer.ordinal)];
    if (!follower.Follow(layer, src, trace, &uncertainty)) return false;
    src = trace.output.data();
  }
  return true;
}

}  // namespace convoy::nn
