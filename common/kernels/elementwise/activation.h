// Activation functions, elementwise.
//
// The same input gives the same bits whatever the length, the alignment and the position in the
// array, and on every instruction set (scalar_math.h). All functions are thread-safe.
#pragma once

#include <cstdint>

namespace convoy::kernels {

// kRelu is max(x, 0) and keeps NaN, so that a network that went wrong shows it; kSigmoid is
// 1 / (1 + exp(-x)). Above 0 kLeakyRelu and kElu are x, else alpha x and alpha (exp(x) - 1).
enum class Activation { kLinear, kRelu, kSigmoid, kTanh, kLeakyRelu, kElu };

// dst[i] = f(src[i]) for i < n. dst may be src. alpha >= 0 is that of kLeakyRelu and kElu.
void ActivationForward(Activation activation, const float* src, float* dst, int64_t n,
                       float alpha = 0);

// d_src[i] = d_dst[i] * f'(src[i]), from the output dst[i] of ActivationForward. ReLU's gradient is
// 0 where its output is 0. d_src may be d_dst.
void ActivationBackward(Activation activation, const float* dst, const float* d_dst, float* d_src,
                        int64_t n, float alpha = 0);

}  // namespace convoy::kernels
