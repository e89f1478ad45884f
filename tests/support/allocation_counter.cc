#include "tests/support/allocation_counter.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

namespace convoy::testing {

int64_t AllocationCount() { return -1; }

}  // namespace convoy::testing

#else

namespace {

std::atomic<int64_t> allocations{0};

void Count(void* caller) {
  Dl_info library;
  const bool by_openblas = dladdr(caller, &library) != 0 && library.dli_fname != nullptr &&
                           std::strstr(library.dli_fname, "openblas") != nullptr;
  if (!by_openblas) ++allocations;
}

}  // namespace

namespace convoy::testing {

int64_t AllocationCount() { return allocations.load(); }

}  // namespace convoy::testing

// These stand before the C library's own, for every caller in the program; new calls malloc.
extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* pointer, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  Count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_calloc(count, size);
}

void* realloc(void* pointer, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_realloc(pointer, size);
}

void* memalign(size_t alignment, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** pointer, size_t alignment, size_t size) {
  Count(__builtin_return_address(0));
  *pointer = __libc_memalign(alignment, size);
  return *pointer == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif
