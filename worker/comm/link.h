// The network between the hosts of a job, measured.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"

namespace convoy::comm {

struct Link {
  double message_seconds = 0;   // of a message, beside its bytes
  double bytes_per_second = 0;  // of messages, each way
};

// Returns for each rank the number of its host, in order of its first rank; a host is known by its
// `names`. Where the communicator says that there are several hosts and all have one name, each
// rank is one.
std::vector<int> HostOfRank(const Communicator& communicator,
                            const std::vector<std::string>& names);

// COLLECTIVE. Sends some messages round the hosts, all at a time, and returns the same on all
// ranks: what the slowest host measured. Takes some 30 ms at 1 Gbit/s, half a second at 10 Mbit/s.
// REQUIRES: there are several hosts.
absl::StatusOr<Link> MeasureLink(Communicator& communicator, const std::vector<int>& host_of_rank);

}  // namespace convoy::comm
