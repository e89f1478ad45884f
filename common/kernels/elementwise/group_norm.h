// Group normalization: the statistics of a few neighbouring channels over one image. Source: Wu,
// He, "Group normalization", ECCV 2018. A template, so that gradients can be checked in double; in
// float it is what networks compute.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace convoy::kernels {

// The sizes of one image [positions, channels]; groups divides channels.
struct GroupNormGeometry {
  int64_t positions = 0;
  int channels = 0;
  int groups = 1;
  double epsilon = 0;

  int group_channels() const { return channels / groups; }
};

// Mean and 1 / sqrt(variance + epsilon) of a group.
struct GroupStatistics {
  double mean = 0;
  double inverse_deviation = 0;
};

// Calls visit(index, channel) for the group's values in an image.
template <typename Visit>
void ForEachInGroup(const GroupNormGeometry& g, int group, Visit visit) {
  const int begin = group * g.group_channels();
  for (int64_t p = 0; p < g.positions; ++p) {
    for (int c = begin; c < begin + g.group_channels(); ++c) visit(p * g.channels + c, c);
  }
}

template <typename T>
GroupStatistics StatisticsOf(const GroupNormGeometry& g, int group, const T* src) {
  const auto count = static_cast<double>(g.positions * g.group_channels());
  GroupStatistics statistics;
  ForEachInGroup(g, group, [&](int64_t i, int) { statistics.mean += double{src[i]}; });
  statistics.mean /= count;
  double squares = 0;
  ForEachInGroup(g, group, [&](int64_t i, int) {
    const double difference = double{src[i]} - statistics.mean;
    squares += difference * difference;
  });
  statistics.inverse_deviation = 1 / std::sqrt(squares / count + g.epsilon);
  return statistics;
}

// dst = normalized * gamma + beta; src and dst are [n, positions, channels].
template <typename T>
void GroupNormForward(const GroupNormGeometry& g, int n, const T* src, const T* gamma,
                      const T* beta, T* dst) {
  const int64_t elems = g.positions * g.channels;
  for (int image = 0; image < n; ++image, src += elems, dst += elems) {
    for (int group = 0; group < g.groups; ++group) {
      const GroupStatistics s = StatisticsOf(g, group, src);
      ForEachInGroup(g, group, [&](int64_t i, int c) {
        const auto normalized = static_cast<T>((double{src[i]} - s.mean) * s.inverse_deviation);
        dst[i] = normalized * gamma[c] + beta[c];
      });
    }
  }
}

// Writes the gradients, given that of dst. With x the normalized values, d_x = d_dst * gamma and
// means over the group: d_src = (d_x - mean(d_x) - x * mean(d_x * x)) / deviation. d_src may be
// null.
template <typename T>
void GroupNormBackward(const GroupNormGeometry& g, int n, const T* src, const T* gamma,
                       const T* d_dst, T* d_src, T* d_gamma, T* d_beta) {
  const int64_t elems = g.positions * g.channels;
  const auto count = static_cast<double>(g.positions * g.group_channels());
  std::fill(d_gamma, d_gamma + g.channels, T{0});
  std::fill(d_beta, d_beta + g.channels, T{0});
  for (int image = 0; image < n; ++image, src += elems, d_dst += elems) {
    for (int group = 0; group < g.groups; ++group) {
      const GroupStatistics s = StatisticsOf(g, group, src);
      const auto normalized = [&](int64_t i) {
        return (double{src[i]} - s.mean) * s.inverse_deviation;
      };
      double sum = 0;
      double product_sum = 0;
      ForEachInGroup(g, group, [&](int64_t i, int c) {
        const double x = normalized(i);
        const double d_x = double{d_dst[i]} * double{gamma[c]};
        sum += d_x;
        product_sum += d_x * x;
        d_gamma[c] += static_cast<T>(double{d_dst[i]} * x);
        d_beta[c] += d_dst[i];
      });
      if (d_src == nullptr) continue;
      ForEachInGroup(g, group, [&](int64_t i, int c) {
        const double d_x = double{d_dst[i]} * double{gamma[c]};
        d_src[i] = static_cast<T>((d_x - sum / count - normalized(i) * product_sum / count) *
                                  s.inverse_deviation);
      });
    }
    if (d_src != nullptr) d_src += elems;
  }
}

}  // namespace convoy::kernels
