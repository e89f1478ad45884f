#include "client/supervise/host_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::ElementsAre;

std::vector<int> Slots(const std::vector<Host>& hosts) {
  std::vector<int> slots;
  for (const Host& host : hosts) slots.push_back(host.slots);
  return slots;
}

TEST(DealRanksTest, OneAHostUnlessSaid) {
  EXPECT_THAT(Slots(DealRanks({{"a"}, {"b", 3}, {"c"}}, 0).value()), ElementsAre(1, 3, 1));
}

TEST(DealRanksTest, RanksAreDealtEvenlyWhereSlotsAreOpen) {
  EXPECT_THAT(Slots(DealRanks({{"a"}, {"b"}, {"c"}}, 5).value()), ElementsAre(2, 2, 1));
  EXPECT_THAT(Slots(DealRanks({{"a", 2}, {"b"}, {"c"}}, 7).value()), ElementsAre(2, 3, 2));
  EXPECT_THAT(Slots(DealRanks({{"a", 4}, {"b"}}, 2).value()), ElementsAre(4, 1));
}

TEST(DealRanksTest, TooFewSlotsAreRefused) {
  EXPECT_THAT(Slots(DealRanks({{"a", 1}, {"b", 2}}, 3).value()), ElementsAre(1, 2));
  EXPECT_EQ(DealRanks({{"a", 1}, {"b", 2}}, 4).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HostPoolTest, TellsOfEachChangeOnce) {
  std::vector<std::string> told;
  const std::vector<Host> hosts = {{"a", 1}, {"b", 2}};
  HostPool pool(hosts, [&](bool back, const i18n::Message& line) { told.push_back(line.english); });
  const std::vector<HostState> well = {{.host = hosts[0]}, {.host = hosts[1]}};
  const std::vector<HostState> ill = {
      {.host = hosts[0]}, {.host = hosts[1], .trouble = i18n::AsItIs("does not answer")}};
  EXPECT_EQ(HostFileOf(pool.Take(well)), "a slots=1\nb slots=2\n");
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(HostFileOf(pool.Take(ill)), "a slots=1\n");
  EXPECT_EQ(HostFileOf(pool.Take(ill)), "a slots=1\n");
  EXPECT_EQ(HostFileOf(pool.Take(well)), "a slots=1\nb slots=2\n");
  EXPECT_THAT(told, ElementsAre("b is left out: does not answer", "b is back"));
}

}  // namespace
}  // namespace convoy::client
