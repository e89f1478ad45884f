// Softmax and the cross-entropy loss on logits.
//
// Same bits on every instruction set and for any number of images: each image is done by itself,
// its exponentials added in the order that softmax.cc tells. All functions are thread-safe.
#pragma once

#include <cstdint>

#include "common/base/label.h"

namespace convoy::kernels {

// probabilities[n, classes] = softmax of each row of logits [n, classes], which may be the same
// array. A row with a NaN, with +inf or with only -inf gives NaN. REQUIRES: classes >= 1.
void Softmax(int n, int classes, const float* logits, float* probabilities);

// Sums over images, to be divided by their number.
struct LossSums {
  double loss = 0;
  // Images whose largest logit is the label's; of equal logits the first counts.
  int64_t correct = 0;
};

// The sparse categorical cross-entropy: loss of an image = log(sum of exp(logits)) - logits[label].
// With label smoothing s, in [0, 1), it is log(sum of exp(logits)) - sum of targets * logits, where
// the label's target is 1 - s + s / classes and the others' are s / classes. Source: Szegedy et
// al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7; Keras's
// CategoricalCrossentropy(label_smoothing=s).
//   logits [n, classes], labels [n], each < classes
//   d_logits [n, classes], may be null, or `logits` without smoothing: the gradient of the sum (not
//     the mean) of the losses, softmax(logits) - targets
//   loss_per_image [n], may be null
// The losses are added in double in the order of the images. A row as above gives a NaN loss (+inf
// where only the label's logit is -inf) and counts as not correct. REQUIRES: classes >= 1.
LossSums SoftmaxCrossEntropy(int n, int classes, const float* logits, const Label* labels,
                             float* d_logits, float* loss_per_image, float label_smoothing = 0);

}  // namespace convoy::kernels
