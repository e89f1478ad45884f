// For tests: how clearly a network decides, that is, how far its ReLUs and pools are from another
// choice.
#pragma once

#include <vector>

#include "common/nn/network.h"
#include "common/nn/reference_network.h"

namespace convoy::nn {

// Returns how clear the decisions of the reference's last pass were: the smallest distance of a
// ReLU's input from zero, and of a pool's maximum from the next smaller value in its window, each
// divided by the largest magnitude in that layer. Where it is not far above the rounding of single
// precision, fast code may rightly decide otherwise, and its gradient is another one. Equal values
// in a window are no question: they count once.
double DecisionMargin(const Network& network, const ReferenceNetwork<double>& reference,
                      const Pass& pass, const std::vector<double>& images);

}  // namespace convoy::nn
