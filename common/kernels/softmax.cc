#include "common/kernels/softmax.h"

#include <algorithm>
#include <limits>

#include "common/base/check.h"
#include "common/kernels/scalar_math.h"

namespace convoy::kernels {
namespace {

// The sums run over this many lanes, class c in lane c mod kLanes, whatever the width of a vector.
constexpr int kLanes = 16;

float AddLanes(float (&lanes)[kLanes]) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

struct Row {
  float largest;
  float sum;  // of exp(logit - largest)
};

// Writes exp(logits - largest) to `exponentials` unless that is null.
Row Exponentials(int classes, const float* logits, float* exponentials) {
  float largest = -std::numeric_limits<float>::infinity();
  for (int c = 0; c < classes; ++c) largest = logits[c] > largest ? logits[c] : largest;
  float lanes[kLanes] = {};
  for (int c = 0; c < classes; ++c) {
    const float e = ExpScalar(logits[c] - largest);
    lanes[c % kLanes] += e;
    if (exponentials != nullptr) exponentials[c] = e;
  }
  return {largest, AddLanes(lanes)};
}

}  // namespace

void Softmax(int n, int classes, const float* logits, float* probabilities) {
  CONVOY_CHECK_GE(classes, 1);
  for (int image = 0; image < n; ++image, logits += classes, probabilities += classes) {
    const Row row = Exponentials(classes, logits, probabilities);
    for (int c = 0; c < classes; ++c) probabilities[c] /= row.sum;
  }
}

LossSums SoftmaxCrossEntropy(int n, int classes, const float* logits, const uint8_t* labels,
                             float* d_logits, float* loss_per_image) {
  CONVOY_CHECK_GE(classes, 1);
  LossSums sums;
  for (int image = 0; image < n; ++image, logits += classes) {
    const int label = labels[image];
    CONVOY_CHECK_LT(label, classes);
    const float label_logit = logits[label];
    const float* first = std::max_element(logits, logits + classes);
    const bool label_is_first = first == logits + label;
    const Row row = Exponentials(classes, logits, d_logits);
    const float loss = LogScalar(row.sum) - (label_logit - row.largest);
    sums.loss += static_cast<double>(loss);
    sums.correct += label_is_first && loss == loss;
    if (loss_per_image != nullptr) loss_per_image[image] = loss;
    if (d_logits == nullptr) continue;
    for (int c = 0; c < classes; ++c) d_logits[c] /= row.sum;
    d_logits[label] -= 1.0f;
    d_logits += classes;
  }
  return sums;
}

}  // namespace convoy::kernels
