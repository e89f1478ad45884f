#include "common/formats/tensorboard/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace convoy::formats {
namespace {

// The values of RFC 3720, appendix B.4, and the check value of the usual catalogues of CRCs.
TEST(Crc32cTest, GivesTheStandardsValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising.push_back(c);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eU);
}

TEST(Crc32cTest, MaskRotatesAndAdds) {
  // ((0xe3069283 >> 15) | (0xe3069283 << 17)) + 0xa282ead8, modulo 2^32.
  EXPECT_EQ(MaskedCrc32c("123456789"), 0xc78ab0e5U);
}

}  // namespace
}  // namespace convoy::formats
