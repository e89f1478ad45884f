// Carves arrays of any type out of one block of memory that the caller owns, so that kernels need
// not allocate. The same code measures and carves: with a null block only the size is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace convoy::kernels {

class WorkspaceCarver {
 public:
  // `block` is null (only measures) or aligned to 64 bytes.
  explicit WorkspaceCarver(void* block) : block_(static_cast<std::byte*>(block)) {}

  // Returns the next `count` elements, aligned to 64 bytes and not initialised; null when
  // measuring.
  template <typename T>
  T* Take(int64_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::byte* const at = block_ == nullptr ? nullptr : block_ + bytes_;
    bytes_ += (count * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 64;
    return reinterpret_cast<T*>(at);
  }

  // Returns the bytes taken so far.
  int64_t bytes() const { return bytes_; }

 private:
  std::byte* block_;
  int64_t bytes_ = 0;
};

}  // namespace convoy::kernels
