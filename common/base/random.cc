#include "common/base/random.h"

#include "common/base/check.h"

namespace convoy {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// A bijection of 64 bits that spreads every input bit over all output bits.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA'14.
uint64_t MixBits(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::array<uint32_t, 2> PhiloxKey(uint64_t seed, RandomStream stream) {
  const uint64_t mixed =
      MixBits(seed + 0x9E3779B97F4A7C15ULL * (static_cast<uint64_t>(stream) + 1));
  return {static_cast<uint32_t>(mixed), static_cast<uint32_t>(mixed >> 32)};
}

uint32_t RandomSequence::NextUint32() {
  if (next_ == 4) {
    words_ = Philox({block_++, c_, a_, b_}, key_);
    next_ = 0;
  }
  return words_[next_++];
}

uint64_t RandomSequence::NextUint64() {
  const uint64_t low = NextUint32();
  return low | (uint64_t{NextUint32()} << 32);
}

uint64_t RandomSequence::NextBelow(uint64_t bound) {
  CONVOY_CHECK_GT(bound, 0u);
  // The lowest 2^64 mod bound values would make some results likelier: draw again instead.
  const uint64_t biased = (0 - bound) % bound;
  for (;;) {
    const uint64_t value = NextUint64();
    if (value >= biased) return value % bound;
  }
}

}  // namespace convoy
