// Counts the calls that take memory, so that a test can prove that code takes none.
#pragma once

#include <cstdint>

namespace convoy::testing {

// Returns how often any thread of this program has taken memory from the heap so far, by new,
// malloc, aligned_alloc and their kind. What OpenBLAS takes is not counted: its kernels for small
// products on AVX-512 take a buffer at every call. Thread-safe. Returns -1 in a program built with
// a sanitizer, which has a heap of its own.
int64_t AllocationCount();

}  // namespace convoy::testing
