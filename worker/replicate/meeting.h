// How two ranks get a connection of their own.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/replicate/connection.h"

namespace convoy::replicate {

// COLLECTIVE. Connects two ranks; a secret, which the ranks tell each other by MPI, keeps others
// away. Returns the connection on these two, null elsewhere; null everywhere if there is none to be
// had, as behind a firewall. Takes some seconds at most. IPv4.
absl::StatusOr<std::unique_ptr<Connection>> Meet(comm::Communicator& communicator, int caller,
                                                 int listener);

}  // namespace convoy::replicate
