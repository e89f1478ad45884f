#include "common/base/sha256.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

// FIPS 180-2, appendix B.1.
constexpr char kDigestOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, MatchesTheStandardsExample) { EXPECT_EQ(Sha256Hex("abc"), kDigestOfAbc); }

TEST(Sha256Test, PiecesGiveTheWholesDigest) {
  Sha256 sha;
  sha.Update("a");
  sha.Update("");
  sha.Update("bc");
  EXPECT_EQ(sha.HexDigest(), kDigestOfAbc);
}

}  // namespace
}  // namespace convoy
