// What every Communicator must do, for one rank: run by all ranks of a world side by side, whether
// threads or processes. Values depend on the rank, so that a swapped array is seen.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "worker/comm/communicator.h"

namespace convoy::comm {

inline void CheckBroadcast(Communicator& comm) {
  for (int root = 0; root < comm.world_size(); ++root) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4097}}) {
      std::vector<int> data(size, comm.rank() == root ? 100 + root : -1);
      const auto num_bytes = static_cast<int64_t>(size * sizeof(int));
      ASSERT_TRUE(comm.Broadcast(data.data(), num_bytes, root).ok());
      EXPECT_EQ(data, std::vector<int>(size, 100 + root));
    }
  }
}

inline void CheckAllGather(Communicator& comm) {
  const std::vector<int> mine = {comm.rank(), 10 * comm.rank()};
  std::vector<int> all(static_cast<size_t>(2 * comm.world_size()), -1);
  ASSERT_TRUE(comm.AllGather(mine.data(), 2 * sizeof(int), all.data()).ok());
  for (int r = 0; r < comm.world_size(); ++r) {
    EXPECT_EQ(all[static_cast<size_t>(2 * r)], r);
    EXPECT_EQ(all[static_cast<size_t>(2 * r + 1)], 10 * r);
  }
}

// Rank s sends s + r floats of value 100 s + r to rank r: none from 0 to 0.
inline void CheckAllToAll(Communicator& comm) {
  const int world = comm.world_size();
  const int rank = comm.rank();
  std::vector<int64_t> send_counts, send_offsets, recv_counts, recv_offsets;
  std::vector<float> send;
  int64_t recv_total = 0;
  for (int r = 0; r < world; ++r) {
    send_offsets.push_back(static_cast<int64_t>(send.size()));
    send_counts.push_back(rank + r);
    send.insert(send.end(), static_cast<size_t>(rank + r), static_cast<float>(100 * rank + r));
    recv_offsets.push_back(recv_total);
    recv_counts.push_back(rank + r);
    recv_total += rank + r;
  }
  std::vector<float> recv(static_cast<size_t>(recv_total) + 1, -1);
  ASSERT_TRUE(
      comm.AllToAll(send.data(), send_counts, send_offsets, recv.data(), recv_counts, recv_offsets)
          .ok());
  size_t next = 0;
  for (int r = 0; r < world; ++r) {
    for (int k = 0; k < rank + r; ++k) EXPECT_EQ(recv[next++], static_cast<float>(100 * r + rank));
  }
  EXPECT_EQ(recv[next], -1);
}

// Parts of r floats each: rank 0's is empty.
inline void CheckParts(Communicator& comm) {
  std::vector<int64_t> counts, offsets;
  int64_t total = 0;
  for (int r = 0; r < comm.world_size(); ++r) {
    counts.push_back(r);
    offsets.push_back(total);
    total += r;
  }
  std::vector<float> expected;
  for (int r = 0; r < comm.world_size(); ++r) {
    expected.insert(expected.end(), static_cast<size_t>(r), static_cast<float>(r));
  }
  const auto self = static_cast<size_t>(comm.rank());
  const std::vector<float> part(self, static_cast<float>(comm.rank()));

  std::vector<float> all(static_cast<size_t>(total), -1);
  std::copy(part.begin(), part.end(), all.begin() + offsets[self]);
  ASSERT_TRUE(comm.AllGatherParts(all.data(), counts, offsets).ok());
  EXPECT_EQ(all, expected);

  const int root = comm.world_size() - 1;
  std::vector<float> gathered(static_cast<size_t>(total), -1);
  ASSERT_TRUE(comm.GatherParts(part.data(), gathered.data(), counts, offsets, root).ok());
  EXPECT_EQ(gathered,
            comm.rank() == root ? expected : std::vector<float>(static_cast<size_t>(total), -1));
}

inline void CheckAllReduceSum(Communicator& comm) {
  std::vector<float> first(1000, static_cast<float>(comm.rank() + 1));
  std::vector<float> second(3, static_cast<float>(comm.rank()));
  auto pending_first = comm.StartAllReduceSum(first.data(), 1000);
  auto pending_second = comm.StartAllReduceSum(second.data(), 3);
  ASSERT_TRUE(pending_first.ok() && pending_second.ok());
  ASSERT_TRUE((*pending_first)->Progress().ok());
  ASSERT_TRUE((*pending_second)->Wait().ok());
  ASSERT_TRUE((*pending_first)->Wait().ok());
  const int world = comm.world_size();
  EXPECT_EQ(first, std::vector<float>(1000, static_cast<float>(world * (world + 1) / 2)));
  EXPECT_EQ(second, std::vector<float>(3, static_cast<float>(world * (world - 1) / 2)));
}

inline void CheckShareFromRoot(Communicator& comm) {
  for (const int64_t size : {int64_t{0}, int64_t{1}, int64_t{100000}}) {
    const std::vector<uint8_t> data(static_cast<size_t>(comm.rank() == 0 ? size : 0), 7);
    const std::span<const uint8_t> bytes = data;
    const auto half = bytes.size() / 2;
    auto shared = comm.ShareFromRoot({bytes.first(half), bytes.subspan(half)}, size);
    ASSERT_TRUE(shared.ok());
    EXPECT_EQ((*shared)->size(), size);
    EXPECT_EQ(std::count((*shared)->data(), (*shared)->data() + size, 7), size);
    ASSERT_TRUE(comm.Barrier().ok());
  }
}

inline void CheckAllocateShared(Communicator& comm) {
  ASSERT_TRUE(comm.on_one_host());
  auto shared = comm.AllocateShared(comm.world_size() * 1000);
  ASSERT_TRUE(shared.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>((*shared)->data()) % 64, 0u);
  uint8_t* bytes = (*shared)->data();
  EXPECT_EQ(std::count(bytes, bytes + (*shared)->size(), 0), (*shared)->size());
  ASSERT_TRUE(comm.Barrier().ok());
  std::fill_n(bytes + comm.rank() * 1000, 1000, static_cast<uint8_t>(comm.rank() + 1));
  ASSERT_TRUE(comm.Barrier().ok());
  for (int r = 0; r < comm.world_size(); ++r) {
    EXPECT_EQ(std::count(bytes + r * 1000, bytes + (r + 1) * 1000, r + 1), 1000);
  }
  ASSERT_TRUE(comm.Barrier().ok());
}

inline void CheckAgree(Communicator& comm) {
  EXPECT_TRUE(Agree(comm, absl::OkStatus()).ok());
  const int last = comm.world_size() - 1;
  const absl::Status own = comm.rank() == last ? absl::NotFoundError("gone") : absl::OkStatus();
  const absl::Status agreed = Agree(comm, own);
  EXPECT_EQ(agreed.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(agreed.message(), last == 0 ? "gone" : "rank " + std::to_string(last) + ": gone");
  // Where several fail, all take the first rank's word.
  const absl::Status all_fail = Agree(comm, absl::InternalError(std::to_string(comm.rank())));
  EXPECT_EQ(all_fail.message(), "0");
}

inline void CheckStrings(Communicator& comm) {
  const std::string mine(static_cast<size_t>(comm.rank()), 'x');
  const std::vector<std::string> all = AllGatherStrings(comm, mine).value();
  ASSERT_EQ(all.size(), static_cast<size_t>(comm.world_size()));
  for (size_t r = 0; r < all.size(); ++r) EXPECT_EQ(all[r], std::string(r, 'x'));
  EXPECT_EQ(BroadcastString(comm, comm.rank() == 0 ? "from rank 0" : "", 0).value(), "from rank 0");
}

// One behaviour. Each is checked in several rounds, so that what a round leaves behind shows.
struct CommunicatorCase {
  const char* name;
  void (*check)(Communicator& comm);
};

inline constexpr CommunicatorCase kCommunicatorCases[] = {{"Broadcast", CheckBroadcast},
                                                          {"AllGather", CheckAllGather},
                                                          {"AllToAll", CheckAllToAll},
                                                          {"Parts", CheckParts},
                                                          {"AllReduceSum", CheckAllReduceSum},
                                                          {"ShareFromRoot", CheckShareFromRoot},
                                                          {"AllocateShared", CheckAllocateShared},
                                                          {"Agree", CheckAgree},
                                                          {"Strings", CheckStrings}};

inline void CheckInRounds(Communicator& comm, const CommunicatorCase& of) {
  for (int round = 0; round < 20; ++round) of.check(comm);
  ASSERT_TRUE(comm.Barrier().ok());
}

}  // namespace convoy::comm
