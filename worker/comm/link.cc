#include "worker/comm/link.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "common/base/status.h"
#include "common/base/stopwatch.h"

namespace convoy::comm {
namespace {

constexpr int64_t kSmallMessage = 1;         // floats
constexpr int64_t kMediumMessage = 1 << 14;  // 64 KiB
constexpr int64_t kLargeMessage = 1 << 18;   // 1 MiB
constexpr int kTries = 3;
// A link on which a medium message takes as long needs no larger one, which would take half a
// minute on the slowest.
constexpr double kSlowSeconds = 0.02;

// Messages of one size from rank to rank, and how long they take.
class Messages {
 public:
  // counts(sender, receiver) in floats.
  template <typename Counts>
  Messages(Communicator& communicator, Counts counts) : communicator_(communicator) {
    const int self = communicator.rank();
    for (int rank = 0; rank < communicator.world_size(); ++rank) {
      Add(counts(self, rank), &send_counts_, &send_offsets_, &send_);
      Add(counts(rank, self), &recv_counts_, &recv_offsets_, &recv_);
    }
  }

  // COLLECTIVE. The shortest of some tries, on the slowest rank.
  absl::StatusOr<double> Seconds() {
    double shortest = std::numeric_limits<double>::max();
    for (int i = 0; i < kTries; ++i) {
      CONVOY_RETURN_IF_ERROR(communicator_.Barrier());
      const Stopwatch watch;
      CONVOY_RETURN_IF_ERROR(communicator_.AllToAll(send_.data(), send_counts_, send_offsets_,
                                                    recv_.data(), recv_counts_, recv_offsets_));
      shortest = std::min(shortest, watch.Elapsed());
    }
    std::vector<double> all(send_counts_.size());
    CONVOY_RETURN_IF_ERROR(communicator_.AllGather(&shortest, sizeof(shortest), all.data()));
    return *std::max_element(all.begin(), all.end());
  }

 private:
  static void Add(int64_t count, std::vector<int64_t>* counts, std::vector<int64_t>* offsets,
                  std::vector<float>* memory) {
    counts->push_back(count);
    offsets->push_back(static_cast<int64_t>(memory->size()));
    memory->resize(memory->size() + static_cast<size_t>(count));
  }

  Communicator& communicator_;
  std::vector<int64_t> send_counts_, send_offsets_, recv_counts_, recv_offsets_;
  std::vector<float> send_, recv_;
};

// COLLECTIVE. The first rank of each host sends `floats` to that of the next.
absl::StatusOr<double> SecondsRoundHosts(Communicator& communicator,
                                         const std::vector<int>& host_of_rank, int64_t floats) {
  std::vector<int> first;
  for (size_t rank = 0; rank < host_of_rank.size(); ++rank) {
    if (host_of_rank[rank] == static_cast<int>(first.size())) {
      first.push_back(static_cast<int>(rank));
    }
  }
  return Messages(communicator,
                  [&](int sender, int receiver) {
                    const auto host =
                        static_cast<size_t>(host_of_rank[static_cast<size_t>(sender)]);
                    const bool sends =
                        first[host] == sender && first[(host + 1) % first.size()] == receiver;
                    return sends ? floats : 0;
                  })
      .Seconds();
}

}  // namespace

std::vector<int> HostOfRank(const Communicator& communicator,
                            const std::vector<std::string>& names) {
  std::vector<std::string> hosts;
  std::vector<int> host_of_rank;
  const bool apart =
      !communicator.on_one_host() && std::set(names.begin(), names.end()).size() == 1;
  for (size_t rank = 0; rank < names.size(); ++rank) {
    auto known = apart ? hosts.end() : std::find(hosts.begin(), hosts.end(), names[rank]);
    if (known == hosts.end()) known = hosts.insert(hosts.end(), names[rank]);
    host_of_rank.push_back(static_cast<int>(known - hosts.begin()));
  }
  return host_of_rank;
}

absl::StatusOr<Link> MeasureLink(Communicator& communicator, const std::vector<int>& host_of_rank) {
  const int others = communicator.world_size() - 1;
  CONVOY_ASSIGN_OR_RETURN(const double small, Messages(communicator, [](int a, int b) {
                                                return a == b ? 0 : kSmallMessage;
                                              }).Seconds());
  Link link{.message_seconds = small / others};
  for (const int64_t floats : {kMediumMessage, kLargeMessage}) {
    CONVOY_ASSIGN_OR_RETURN(const double seconds,
                            SecondsRoundHosts(communicator, host_of_rank, floats));
    // A busy machine may have measured the small ones slower than this one.
    const double on_the_wire = std::max(seconds - link.message_seconds, seconds / 2);
    link.bytes_per_second = static_cast<double>(floats) * sizeof(float) / on_the_wire;
    if (seconds >= kSlowSeconds) break;
  }
  return link;
}

}  // namespace convoy::comm
