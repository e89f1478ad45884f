#include "worker/comm/link.h"

#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"

namespace convoy::comm {
namespace {

TEST(LinkTest, AllRanksMeasureTheSame) {
  for (const std::vector<int>& hosts :
       {std::vector<int>{0, 1}, std::vector<int>{0, 0, 1}, std::vector<int>{0, 1, 1, 2, 2}}) {
    std::mutex mutex;
    std::vector<Link> links;
    testing::RunRanks(static_cast<int>(hosts.size()), [&](Communicator& rank) {
      testing::SeveralHosts comm(rank);
      const auto link = MeasureLink(comm, hosts);
      ASSERT_TRUE(link.ok()) << link.status();
      const std::lock_guard lock(mutex);
      links.push_back(*link);
    });
    for (const Link& link : links) {
      EXPECT_GT(link.message_seconds, 0);
      EXPECT_GT(link.bytes_per_second, 0);
      EXPECT_EQ(link.message_seconds, links[0].message_seconds);
      EXPECT_EQ(link.bytes_per_second, links[0].bytes_per_second);
    }
  }
}

TEST(LinkTest, HostsAreNumberedInTheOrderOfTheirFirstRanks) {
  testing::RunRanks(1, [&](Communicator& rank) {
    testing::SeveralHosts several(rank);
    EXPECT_EQ(HostOfRank(several, {"b", "a", "b", "c"}), (std::vector<int>{0, 1, 0, 2}));
    EXPECT_EQ(HostOfRank(several, {"pc", "pc", "pc"}), (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(HostOfRank(rank, {"pc", "pc", "pc"}), (std::vector<int>{0, 0, 0}));
  });
}

}  // namespace
}  // namespace convoy::comm
