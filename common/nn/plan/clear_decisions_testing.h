// For tests: whether a network decides the same in single precision as in double. Near a tie fast
// code may rightly let another pixel of a pool win, or a ReLU pass, and its gradient is another
// one; so gradients are compared on images for which no decision is near a tie.
#pragma once

#include <vector>

#include "common/nn/network.h"
#include "common/nn/plan/reference_network.h"

namespace convoy::nn {

// Four times the rounding of one operation in single precision.
inline constexpr double kSingleRounding = 0x1p-22;

// Follows through the reference's last pass how far off each value can be: the uncertainties of a
// layer's inputs add up as independent ones, and its own sums are off by `rounding` times the sum
// of the magnitudes of their terms. Returns whether no ReLU is that near zero and no pool that near
// another maximum. Equal values are no question: fast code may take either, and both come from the
// same numbers.
//   weights, images: the pass's, as for ReferenceNetwork::Loss
bool DecidesClearly(const Network& network, const ReferenceNetwork<double>& reference,
                    int num_images, const std::vector<double>& weights,
                    const std::vector<double>& images, double rounding);

}  // namespace convoy::nn
