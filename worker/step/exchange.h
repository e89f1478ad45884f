// How ranks exchange the numbers of a step: as they are, or rounded to 16 bits. The recipe chooses,
// never the number of ranks, because bits differ. Rounded are, at any number of ranks, the gradient
// of every micro-batch, every sum of the canonical tree, both factors of a factored kernel, and the
// weights that a step ends with; so all that is sent has a bfloat16, and sending changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/kernels/elementwise/bfloat16.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "common/recipes/exchange.h"

namespace convoy::step {

using recipes::Exchange;
using recipes::Rounds;

// Returns how many bytes a number has on its way.
inline int64_t BytesOfNumber(Exchange exchange) {
  return exchange == Exchange::kBfloat16 ? sizeof(uint16_t) : sizeof(float);
}

// Rounds inout [n] to what can be sent.
inline void RoundFor(Exchange exchange, float* inout, int64_t n) {
  if (exchange == Exchange::kBfloat16) kernels::RoundToBfloat16(inout, n);
}

// dst [n] = a + b, rounded to what can be sent. dst may be a or b.
inline void AddFor(Exchange exchange, const float* a, const float* b, float* dst, int64_t n) {
  if (exchange == Exchange::kBfloat16) {
    kernels::AddToBfloat16(a, b, dst, n);
  } else {
    kernels::AddTo(a, b, dst, n);
  }
}

// Writes src [n] to dst [n * BytesOfNumber] as it is sent. REQUIRES: src is rounded for `exchange`;
// dst is aligned for numbers of 16 bits.
inline void PackFor(Exchange exchange, const float* src, int64_t n, std::byte* dst) {
  if (exchange == Exchange::kBfloat16) {
    kernels::PackBfloat16(src, reinterpret_cast<uint16_t*>(dst), n);
  } else {
    std::memcpy(dst, src, static_cast<size_t>(n * BytesOfNumber(exchange)));
  }
}

// Writes to dst [n] what PackFor has written to src.
inline void UnpackFor(Exchange exchange, const std::byte* src, int64_t n, float* dst) {
  if (exchange == Exchange::kBfloat16) {
    kernels::UnpackBfloat16(reinterpret_cast<const uint16_t*>(src), dst, n);
  } else {
    std::memcpy(dst, src, static_cast<size_t>(n * BytesOfNumber(exchange)));
  }
}

}  // namespace convoy::step
