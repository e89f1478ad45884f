#include "common/kernels/simd/isa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace convoy::kernels {
namespace {

using ::testing::HasSubstr;

TEST(IsaTest, NamesParseBack) {
  for (Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    const absl::StatusOr<Isa> parsed = ParseIsa(IsaName(isa));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, isa);
    EXPECT_FALSE(BlasCoreFor(isa).empty());
  }
}

TEST(IsaTest, UnknownNameGetsTheNearest) {
  const absl::Status status = ParseIsa("avx521").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'avx512'?"));
}

TEST(IsaTest, SelectsEachThatTheCpuHas) {
  const std::vector<Isa> supported = SupportedIsas();
  ASSERT_FALSE(supported.empty());
  EXPECT_EQ(CurrentIsa(), supported.front());
  for (Isa isa : supported) {
    ASSERT_TRUE(SelectIsa(isa).ok());
    EXPECT_EQ(CurrentIsa(), isa);
    EXPECT_EQ(SupportedIsas(), supported);
  }
  ASSERT_TRUE(SelectIsa(supported.front()).ok());
}

TEST(IsaTest, RefusesWhatTheCpuLacks) {
  const std::vector<Isa> supported = SupportedIsas();
  for (Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    if (std::find(supported.begin(), supported.end(), isa) != supported.end()) continue;
    const absl::Status status = SelectIsa(isa);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(IsaName(isa))));
    EXPECT_EQ(CurrentIsa(), supported.front());
  }
}

}  // namespace
}  // namespace convoy::kernels
