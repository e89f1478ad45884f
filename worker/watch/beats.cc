// A beat is a datagram: the secret, a count, then so many entries of rank and state. All ranks run
// the same build, so the entries are their bytes in memory. It stays below the smallest maximum of
// an Ethernet frame; more ranks take several.
#include "worker/watch/beats.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "worker/comm/own_addresses.h"

namespace convoy::watch {
namespace {

constexpr size_t kEntriesInBeat = 20;
constexpr size_t kMaxPeers = 4096;

struct Entry {
  int64_t rank;
  RankState state;
};

struct Beat {
  uint64_t secret;
  uint64_t count;
  std::array<Entry, kEntriesInBeat> entries;
};
static_assert(sizeof(Beat) <= 1200);

size_t BytesOf(const Beat& beat) { return offsetof(Beat, entries) + beat.count * sizeof(Entry); }

// Returns a socket at any free port, or -1.
int OpenSocket() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  if (socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&any), sizeof(any)) == 0) {
    return socket;
  }
  if (socket >= 0) ::close(socket);
  return -1;
}

uint16_t PortOf(int socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return ntohs(bound.sin_port);
}

uint64_t DrawSecret() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

bool SameAddress(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_addr.s_addr == b.sin_addr.s_addr && a.sin_port == b.sin_port;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Beats>> Beats::Start(comm::Communicator& communicator,
                                                    RankBoard* boards,
                                                    std::vector<int> leader_of_rank) {
  const int rank = communicator.rank();
  const int socket = leader_of_rank[static_cast<size_t>(rank)] == rank ? OpenSocket() : -1;
  std::string where;
  if (rank == 0 && socket >= 0) {
    where = absl::StrCat(DrawSecret(), " ", PortOf(socket), " ",
                         absl::StrJoin(comm::OwnAddresses(), ","));
  }
  std::unique_ptr<Beats> beats;
  if (socket >= 0) beats.reset(new Beats(socket, rank, boards, std::move(leader_of_rank)));
  CONVOY_ASSIGN_OR_RETURN(where, comm::BroadcastString(communicator, where, 0));
  const std::vector<std::string> parts = absl::StrSplit(where, ' ');
  int port = 0;
  if (beats == nullptr || parts.size() != 3 || !absl::SimpleAtoi(parts[0], &beats->secret_) ||
      !absl::SimpleAtoi(parts[1], &port)) {
    return std::unique_ptr<Beats>();
  }
  const std::vector<std::string> addresses = absl::StrSplit(parts[2], ',', absl::SkipEmpty());
  for (const std::string& address : addresses) {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<uint16_t>(port));
    if (rank != 0 && ::inet_pton(AF_INET, address.c_str(), &peer.sin_addr) == 1) {
      beats->peers_.push_back(peer);
    }
  }
  return beats;
}

Beats::Beats(int socket, int rank, RankBoard* boards, std::vector<int> leader_of_rank)
    : socket_(socket), rank_(rank), boards_(boards), leader_of_rank_(std::move(leader_of_rank)) {}

Beats::~Beats() { ::close(socket_); }

void Beats::Exchange() {
  Receive();
  for (const sockaddr_in& peer : peers_) SendTo(peer, /*all=*/rank_ == 0);
}

void Beats::Receive() {
  Beat beat{};
  sockaddr_in from{};
  while (true) {
    socklen_t size = sizeof(from);
    const ssize_t got =
        ::recvfrom(socket_, &beat, sizeof(beat), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;
    if (got < static_cast<ssize_t>(offsetof(Beat, entries)) || beat.secret != secret_ ||
        beat.count > kEntriesInBeat || static_cast<size_t>(got) != BytesOf(beat)) {
      continue;
    }
    for (size_t i = 0; i < beat.count; ++i) {
      const auto rank = static_cast<size_t>(beat.entries[i].rank);
      if (rank >= leader_of_rank_.size() || leader_of_rank_[rank] == rank_) continue;
      boards_[rank].Write(beat.entries[i].state);
    }
    const bool known = std::any_of(peers_.begin(), peers_.end(), [&](const sockaddr_in& peer) {
      return SameAddress(peer, from);
    });
    if (rank_ == 0 && !known && peers_.size() < kMaxPeers) peers_.push_back(from);
  }
}

// What cannot be sent now is sent with the next beat.
void Beats::SendTo(const sockaddr_in& to, bool all) {
  Beat beat{};
  beat.secret = secret_;
  const auto send = [&] {
    static_cast<void>(!::sendto(socket_, &beat, BytesOf(beat), 0,
                                reinterpret_cast<const sockaddr*>(&to), sizeof(to)));
    beat.count = 0;
  };
  for (size_t rank = 0; rank < leader_of_rank_.size(); ++rank) {
    if (!all && leader_of_rank_[rank] != rank_) continue;
    beat.entries[beat.count++] = {.rank = static_cast<int64_t>(rank),
                                  .state = boards_[rank].Read()};
    if (beat.count == kEntriesInBeat) send();
  }
  if (beat.count > 0) send();
}

}  // namespace convoy::watch
