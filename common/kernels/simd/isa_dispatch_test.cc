// Which kernels run, asked of a kernel: this file is compiled once for each instruction set.
#include "common/kernels/simd/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/kernels/simd/isa_dispatch_test.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace convoy::kernels::HWY_NAMESPACE {

int64_t TargetOfKernel() { return HWY_TARGET; }

}  // namespace convoy::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <gtest/gtest.h>

namespace convoy::kernels {
namespace {

HWY_EXPORT(TargetOfKernel);

int64_t TargetOf(Isa isa) {
  if (isa == Isa::kAvx512) return HWY_AVX3;
  return isa == Isa::kAvx2 ? HWY_AVX2 : HWY_SSE4;
}

// Asking what is selected must not change it: Highway's own query does.
TEST(IsaDispatchTest, KernelsOfTheSelectedInstructionSetRun) {
  for (Isa isa : SupportedIsas()) {
    ASSERT_TRUE(SelectIsa(isa).ok());
    EXPECT_EQ(HWY_DYNAMIC_DISPATCH(TargetOfKernel)(), TargetOf(isa)) << IsaName(isa);
    EXPECT_EQ(CurrentIsa(), isa);
    EXPECT_FALSE(SupportedIsas().empty());
    EXPECT_EQ(HWY_DYNAMIC_DISPATCH(TargetOfKernel)(), TargetOf(isa)) << IsaName(isa);
  }
  ASSERT_TRUE(SelectIsa(SupportedIsas().front()).ok());
}

}  // namespace
}  // namespace convoy::kernels
#endif  // HWY_ONCE
