#include "common/nn/decision_margin.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace convoy::nn {
namespace {

double LargestMagnitude(const double* values, int64_t n) {
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(values[i]));
  return largest;
}

double ReluMargin(const std::vector<double>& linear) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const double value : linear) {
    if (value != 0) smallest = std::min(smallest, std::abs(value));
  }
  return smallest / LargestMagnitude(linear.data(), static_cast<int64_t>(linear.size()));
}

// Calls visit(output index, source index) for every value that competes for an output of the pool.
template <typename Visitor>
void ForEachCompetitor(const kernels::Pool2dGeometry& g, int n, Visitor visit) {
  int64_t dst = 0;
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t place = 0; place < int64_t{g.out_height} * g.out_width; ++place) {
      for (int64_t c = 0; c < g.channels; ++c, ++dst) {
        for (int64_t k = 0; k < int64_t{g.pool_height} * g.pool_width; ++k) {
          const int64_t ih = place / g.out_width * g.stride_height - g.pad_top + k / g.pool_width;
          const int64_t iw = place % g.out_width * g.stride_width - g.pad_left + k % g.pool_width;
          if (ih < 0 || ih >= g.in_height || iw < 0 || iw >= g.in_width) continue;
          visit(dst, ((image * g.in_height + ih) * g.in_width + iw) * g.channels + c);
        }
      }
    }
  }
}

double PoolMargin(const kernels::Pool2dGeometry& g, int n, const double* src,
                  const std::vector<double>& dst) {
  double smallest = std::numeric_limits<double>::infinity();
  ForEachCompetitor(g, n, [&](int64_t d, int64_t s) {
    const double gap = dst[static_cast<size_t>(d)] - src[s];
    if (gap > 0) smallest = std::min(smallest, gap);
  });
  return smallest / LargestMagnitude(src, int64_t{n} * g.in_height * g.in_width * g.channels);
}

}  // namespace

double DecisionMargin(const Network& network, const ReferenceNetwork<double>& reference,
                      const Pass& pass, const std::vector<double>& images) {
  double smallest = std::numeric_limits<double>::infinity();
  const double* src = images.data();
  for (const Layer& layer : network.layers()) {
    const LayerTrace<double>& trace = reference.traces()[static_cast<size_t>(layer.ordinal)];
    if (LayerActivation(layer.kind) == ActivationFunction::kRelu) {
      smallest = std::min(smallest, ReluMargin(trace.linear));
    } else if (std::holds_alternative<MaxPooling2dSpec>(layer.kind)) {
      smallest = std::min(smallest,
                          PoolMargin(Pool2dGeometryOf(layer), pass.num_images, src, trace.output));
    }
    src = trace.output.data();
  }
  return smallest;
}

}  // namespace convoy::nn
