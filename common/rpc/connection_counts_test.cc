#include "common/rpc/connection_counts.h"

#include <gtest/gtest.h>

namespace convoy::rpc {
namespace {

TEST(ConnectionCountsTest, CountInAllAndOfEachAddress) {
  ConnectionCounts counts(3, 2);
  EXPECT_TRUE(counts.Enter("a"));
  EXPECT_TRUE(counts.Enter("a"));
  EXPECT_FALSE(counts.Enter("a"));
  EXPECT_TRUE(counts.Enter("b"));
  EXPECT_FALSE(counts.Enter("c"));
  counts.Leave("a");
  EXPECT_TRUE(counts.Enter("c"));
  EXPECT_EQ(counts.count(), 3);
}

}  // namespace
}  // namespace convoy::rpc
