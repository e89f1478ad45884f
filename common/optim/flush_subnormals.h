// Makes the CPU treat subnormal numbers as zero for a while.
#pragma once

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace convoy::optim {

// While it lives, SSE and AVX instructions of this thread take subnormal operands for zero and give
// zero instead of a subnormal result. Without it, the moments of a weight that has no gradient
// decay until they are subnormal and stay so, and a step on them takes 25 to 80 times as long
// (bench/elementwise_bench.cc). TensorFlow's kernels do the same. On other CPUs it does nothing.
class FlushSubnormals {
 public:
#if defined(__SSE__)
  FlushSubnormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kFlushToZero | kZeroOperands); }
  ~FlushSubnormals() { _mm_setcsr(saved_); }
#else
  FlushSubnormals() = default;
#endif
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

#if defined(__SSE__)
 private:
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kZeroOperands = 0x0040;
  unsigned saved_;
#endif
};

}  // namespace convoy::optim
