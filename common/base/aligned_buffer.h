// Memory for kernels: zeroed, aligned to a cache line, never resized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>

#include "common/base/check.h"

namespace convoy {

inline constexpr size_t kCacheLineBytes = 64;

// An owning array of `size()` elements, zeroed at first. Movable. The memory behind it is rounded
// up to whole cache lines, so that a kernel may read (not use) up to the end of its last line.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t num_elems) : size_(num_elems) {
    const size_t num_bytes =
        (num_elems * sizeof(T) + kCacheLineBytes) / kCacheLineBytes * kCacheLineBytes;
    data_.reset(static_cast<T*>(std::aligned_alloc(kCacheLineBytes, num_bytes)));
    if (data_ == nullptr) OutOfMemory(num_bytes);
    std::memset(static_cast<void*>(data_.get()), 0, num_bytes);
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_.get()[i]; }
  const T& operator[](size_t i) const { return data_.get()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

 private:
  struct Free {
    void operator()(T* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

}  // namespace convoy
