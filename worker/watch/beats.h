// How the ranks' states get to the other hosts: by UDP, beside MPI, so that they also get there
// when a rank hangs in MPI. The first rank of each host sends its host's states to rank 0, rank 0
// answers with all that it knows. What is lost on the way is replaced by the next beat.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/watch/rank_state.h"

namespace convoy::watch {

// IPv4. Beats of others than the job's ranks are told by a secret that the ranks share and are
// dropped. Thread-compatible: the watchdog's thread makes all calls but Start.
class Beats {
 public:
  // COLLECTIVE. `boards` [world_size] are those of this host; leader_of_rank says for each rank
  // which is the first of its host. Returns null on ranks that are not, and everywhere where rank 0
  // cannot receive: hosts then know nothing of one another's ranks.
  static absl::StatusOr<std::unique_ptr<Beats>> Start(comm::Communicator& communicator,
                                                      RankBoard* boards,
                                                      std::vector<int> leader_of_rank);
  ~Beats();
  Beats(const Beats&) = delete;
  Beats& operator=(const Beats&) = delete;

  // Sends this host's states and takes in what came: writes the boards of other hosts' ranks.
  // Returns at once. Call it several times a second.
  void Exchange();

 private:
  Beats(int socket, int rank, RankBoard* boards, std::vector<int> leader_of_rank);

  void Receive();
  void SendTo(const sockaddr_in& to, bool all);

  const int socket_;
  const int rank_;
  RankBoard* const boards_;
  const std::vector<int> leader_of_rank_;
  uint64_t secret_ = 0;
  std::vector<sockaddr_in> peers_;  // rank 0's addresses; at rank 0: the other hosts, as heard
};

}  // namespace convoy::watch
