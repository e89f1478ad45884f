#include "worker/watch/beats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/support/thread_ranks.h"

namespace convoy::watch {
namespace {

// Ranks 0 and 1 on one host, 2 and 3 on another, 4 on a third.
const std::vector<int> kFirsts = {0, 0, 2, 2, 4};

TEST(BeatsTest, EveryHostLearnsOfAllRanks) {
  std::vector<std::vector<RankBoard>> hosts;
  for (int host = 0; host < 3; ++host) hosts.emplace_back(5);
  const auto host_of = [](int rank) { return static_cast<size_t>(rank / 2); };
  for (int rank = 0; rank < 5; ++rank) {
    hosts[host_of(rank)][static_cast<size_t>(rank)].Write(
        {.pulse = rank + 1, .collectives = 10 * rank, .step = 3, .phase = Phase::kValidation});
  }
  testing::RunRanks(5, [&](comm::Communicator& comm) {
    std::vector<RankBoard>& boards = hosts[host_of(comm.rank())];
    auto beats = Beats::Start(comm, boards.data(), kFirsts);
    ASSERT_TRUE(beats.ok());
    ASSERT_EQ(*beats != nullptr, kFirsts[static_cast<size_t>(comm.rank())] == comm.rank());
    const auto knows_all = [&] {
      for (const RankBoard& board : boards) {
        if (board.Read().pulse == 0) return false;
      }
      return true;
    };
    // Others need this rank's beats after it knows all, so all go on for as long.
    for (int i = 0; *beats != nullptr && i < 200; ++i) {
      (*beats)->Exchange();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_TRUE(comm.Barrier().ok());
    EXPECT_TRUE(knows_all()) << comm.rank();
    const RankState last = boards[4].Read();
    EXPECT_EQ(last.collectives, 40);
    EXPECT_EQ(last.step, 3);
    EXPECT_EQ(last.phase, Phase::kValidation);
  });
}

}  // namespace
}  // namespace convoy::watch
