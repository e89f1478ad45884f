// The naive reference of the dense layer, in T, for tests. The letters are those of
// dense.h.
#pragma once

namespace convoy::kernels {

// dst = src weight + bias; `bias` may be null.
template <typename T>
void DenseForwardRef(int n, int in, int out, const T* src, const T* weight, const T* bias, T* dst) {
  for (int image = 0; image < n; ++image) {
    for (int o = 0; o < out; ++o) {
      T sum = 0;
      for (int i = 0; i < in; ++i) sum += src[image * in + i] * weight[i * out + o];
      dst[image * out + o] = sum + (bias == nullptr ? T{0} : bias[o]);
    }
  }
}

// Writes the gradients, summed over the images.
template <typename T>
void DenseBackwardRef(int n, int in, int out, const T* src, const T* weight, const T* d_dst,
                      T* d_src, T* d_weight, T* d_bias) {
  for (int i = 0; i < n * in; ++i) d_src[i] = 0;
  for (int i = 0; i < in * out; ++i) d_weight[i] = 0;
  for (int o = 0; o < out; ++o) d_bias[o] = 0;
  for (int image = 0; image < n; ++image) {
    for (int o = 0; o < out; ++o) {
      const T d = d_dst[image * out + o];
      d_bias[o] += d;
      for (int i = 0; i < in; ++i) {
        d_src[image * in + i] += d * weight[i * out + o];
        d_weight[i * out + o] += d * src[image * in + i];
      }
    }
  }
}

}  // namespace convoy::kernels
