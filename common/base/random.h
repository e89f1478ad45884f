// Philox4x32-10, a counter-based random generator: every number is a pure function of a key and a
// counter, so any rank or thread can draw any number of a sequence without drawing those before it.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
#pragma once

#include <array>
#include <cstdint>

namespace convoy {

// What a random number is for. The value is part of the key, so that no two uses share numbers.
enum class RandomStream : uint32_t {
  kInitialWeights = 1,
  kShuffle = 2,
  kDropout = 3,
  kAugmentation = 4,
  kGeneratedDigits = 5,
  kNoise = 6,
};

// Returns the four 32-bit words that Philox4x32-10 gives for `counter` and `key`.
std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Returns the Philox key of (seed, stream). All 64 bits of the seed count.
std::array<uint32_t, 2> PhiloxKey(uint64_t seed, RandomStream stream);

// Draws one after another from the numbers of (seed, stream, a, b): the counter is (n, c, a, b)
// with n the number of the block. Thread-compatible; a value type.
class RandomSequence {
 public:
  RandomSequence(uint64_t seed, RandomStream stream, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0)
      : key_(PhiloxKey(seed, stream)), a_(a), b_(b), c_(c) {}

  uint32_t NextUint32();
  uint64_t NextUint64();

  // Returns a float uniform in [0, 1), a multiple of 2^-24.
  float NextFloat() { return static_cast<float>(NextUint32() >> 8) * 0x1p-24f; }

  // Returns an integer uniform in [0, bound), without bias. REQUIRES: bound > 0.
  uint64_t NextBelow(uint64_t bound);

 private:
  std::array<uint32_t, 2> key_;
  uint32_t a_;
  uint32_t b_;
  uint32_t c_;
  uint32_t block_ = 0;
  int next_ = 4;
  std::array<uint32_t, 4> words_{};
};

}  // namespace convoy
