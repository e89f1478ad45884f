// The plain softmax and cross-entropy, for tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "common/kernels/elementwise/softmax.h"

namespace convoy::kernels {

// As Softmax, naively, in T.
template <typename T>
void SoftmaxRef(int n, int classes, const T* logits, T* probabilities) {
  for (int image = 0; image < n; ++image, logits += classes, probabilities += classes) {
    const T largest = *std::max_element(logits, logits + classes);
    T sum = 0;
    for (int c = 0; c < classes; ++c) sum += std::exp(logits[c] - largest);
    for (int c = 0; c < classes; ++c) probabilities[c] = std::exp(logits[c] - largest) / sum;
  }
}

// As SoftmaxCrossEntropy, naively, in T; d_logits and loss_per_image are not nullable.
template <typename T>
LossSums SoftmaxCrossEntropyRef(int n, int classes, const T* logits, const Label* labels,
                                T* d_logits, T* loss_per_image, T label_smoothing = 0) {
  LossSums sums;
  const T share = label_smoothing / static_cast<T>(classes);
  SoftmaxRef(n, classes, logits, d_logits);
  for (int image = 0; image < n; ++image, logits += classes, d_logits += classes) {
    const T* largest = std::max_element(logits, logits + classes);
    T sum = 0;
    for (int c = 0; c < classes; ++c) sum += std::exp(logits[c] - *largest);
    T expected = (T{1} - label_smoothing) * logits[labels[image]];
    for (int c = 0; c < classes; ++c) expected += share * logits[c];
    loss_per_image[image] = std::log(sum) - (expected - *largest);
    sums.loss += static_cast<double>(loss_per_image[image]);
    sums.correct += largest - logits == labels[image];
    for (int c = 0; c < classes; ++c) d_logits[c] -= share;
    d_logits[labels[image]] -= T{1} - label_smoothing;
  }
  return sums;
}

}  // namespace convoy::kernels
