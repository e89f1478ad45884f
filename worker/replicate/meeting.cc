// The listener tells by MPI at which addresses and port it listens; the caller tries one address
// after another. It is agreed on after each half, so that both ends have a connection or none.
#include "worker/replicate/meeting.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "worker/comm/own_addresses.h"

namespace convoy::replicate {
namespace {

constexpr int kCallMillis = 1000;
constexpr int kAcceptMillis = 2000;
constexpr int kCallsWaiting = 8;

uint64_t DrawSecret() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

bool AwaitEvent(int socket, short event, int millis) {
  pollfd waited{.fd = socket, .events = event, .revents = 0};
  return ::poll(&waited, 1, millis) == 1;
}

// Where a rank listens, as it tells the others.
struct Place {
  uint64_t secret = 0;
  int port = 0;
  std::vector<std::string> addresses;

  std::string ToText() const {
    return absl::StrCat(secret, " ", port, " ", absl::StrJoin(addresses, ","));
  }
  static Place FromText(const std::string& text) {
    const std::vector<std::string> parts = absl::StrSplit(text, ' ');
    Place place;
    if (parts.size() == 3 && absl::SimpleAtoi(parts[0], &place.secret) &&
        absl::SimpleAtoi(parts[1], &place.port)) {
      place.addresses = absl::StrSplit(parts[2], ',', absl::SkipEmpty());
    }
    return place;
  }
};

class Listener {
 public:
  ~Listener() {
    if (socket_ >= 0) ::close(socket_);
  }

  // Returns where; nowhere if it cannot.
  Place Open() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    socklen_t size = sizeof(any);
    auto* address = reinterpret_cast<sockaddr*>(&any);
    if (socket_ < 0 || ::bind(socket_, address, size) != 0 ||
        ::listen(socket_, kCallsWaiting) != 0 || ::getsockname(socket_, address, &size) != 0) {
      return {};
    }
    return {.secret = DrawSecret(), .port = ntohs(any.sin_port), .addresses = comm::OwnAddresses()};
  }

  // Returns the first caller who knows the secret, null if there is none.
  std::unique_ptr<Connection> Accept(uint64_t secret) const {
    for (int strangers = 0; strangers < kCallsWaiting; ++strangers) {
      if (!AwaitEvent(socket_, POLLIN, kAcceptMillis)) return nullptr;
      const int caller = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (caller < 0) return nullptr;
      auto connection = std::make_unique<Connection>(caller);
      connection->SetPatience(1);
      uint64_t told = 0;
      if (connection->Read(&told, sizeof(told)).ok() && told == secret) return connection;
    }
    return nullptr;
  }

 private:
  int socket_ = -1;
};

// Null if nobody answers there in time.
std::unique_ptr<Connection> Call(const std::string& address, int port, uint64_t secret) {
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &there.sin_addr) != 1) return nullptr;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return nullptr;
  auto connection = std::make_unique<Connection>(socket);
  int error = 0;
  socklen_t size = sizeof(error);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) != 0 &&
      (!AwaitEvent(socket, POLLOUT, kCallMillis) ||
       ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)) {
    return nullptr;
  }
  ::fcntl(socket, F_SETFL, 0);  // from here on it blocks
  return connection->Write(&secret, sizeof(secret)).ok() ? std::move(connection) : nullptr;
}

// An address that this host has itself, as bridges have it everywhere, does not lead to the other.
std::unique_ptr<Connection> CallAny(const Place& place) {
  const std::vector<std::string> own = comm::OwnAddresses();
  const bool same_host = own == place.addresses;
  for (const std::string& address : place.addresses) {
    if (!same_host && std::find(own.begin(), own.end(), address) != own.end()) continue;
    if (auto connection = Call(address, place.port, place.secret)) return connection;
  }
  return nullptr;
}

// COLLECTIVE.
absl::StatusOr<bool> Succeeded(comm::Communicator& communicator, int rank, bool success) {
  uint8_t told = success ? 1 : 0;
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(&told, sizeof(told), rank));
  return told != 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Meet(comm::Communicator& communicator, int caller,
                                                 int listener) {
  const int rank = communicator.rank();
  Listener listening;
  Place place;
  if (rank == listener) place = listening.Open();
  CONVOY_ASSIGN_OR_RETURN(const std::string text,
                          comm::BroadcastString(communicator, place.ToText(), listener));
  std::unique_ptr<Connection> connection;
  if (rank == caller) connection = CallAny(Place::FromText(text));
  CONVOY_ASSIGN_OR_RETURN(const bool called,
                          Succeeded(communicator, caller, connection != nullptr));
  if (called && rank == listener) connection = listening.Accept(place.secret);
  CONVOY_ASSIGN_OR_RETURN(const bool accepted,
                          Succeeded(communicator, listener, connection != nullptr));
  if (!accepted) connection.reset();
  return connection;
}

}  // namespace convoy::replicate
