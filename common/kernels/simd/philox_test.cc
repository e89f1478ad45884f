// Tests philox-inl.h on every instruction set of the machine.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/simd/philox_test.cc"
#include "hwy/foreach_target.h"  // compiles the rest of this file once for each instruction set
#include "hwy/highway.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/random.h"
#include "common/kernels/simd/kernel_testing.h"
#include "common/kernels/simd/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

void Blocks(const std::array<uint32_t, 4>& counter, std::array<uint32_t, 2> key, int64_t num_blocks,
            uint32_t* words) {
  PhiloxBlocks(counter, key, num_blocks, words);
}

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convoy::kernels {
namespace {

HWY_EXPORT(Blocks);

class PhiloxBlocksTest : public EveryIsaTest {};
CONVOY_INSTANTIATE_FOR_EVERY_ISA(PhiloxBlocksTest);

TEST_P(PhiloxBlocksTest, EveryWordIsPhiloxs) {
  const std::array<uint32_t, 2> key = PhiloxKey(99, RandomStream::kDropout);
  for (uint32_t first : {0u, 1u, 12345u, 0xfffffff0u}) {  // the last wraps around
    for (int64_t num_blocks : {0, 8, 32, 64}) {
      std::array<uint32_t, 4> counter = {first, 0x89abcdef, 7, 0xffffffff};
      std::vector<uint32_t> words(4 * num_blocks);
      HWY_DYNAMIC_DISPATCH(Blocks)(counter, key, num_blocks, words.data());
      for (int64_t block = 0; block < num_blocks; ++block, ++counter[0]) {
        const std::array<uint32_t, 4> expected = Philox(counter, key);
        for (int i = 0; i < 4; ++i) ASSERT_EQ(words[4 * block + i], expected[i]) << block;
      }
    }
  }
}

}  // namespace
}  // namespace convoy::kernels
#endif  // HWY_ONCE
