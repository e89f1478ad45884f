// The network between this machine and others.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::client {

// Whether `host` is this machine, whose name is often 127.0.1.1 to itself. False for a name that
// nobody knows. IPv4 only, as Open MPI's settings here.
bool IsHere(const std::string& host);

// Returns the networks, as "192.168.1.0/24" with commas, by which this machine reaches `hosts`
// directly; "" where all are this machine. Hosts without an address are left out. Returns
// FAILED_PRECONDITION, naming the host, for one that is in no network of this machine.
absl::StatusOr<std::string> NetworksTo(const std::vector<std::string>& hosts);

// Whether one of `addresses`, "192.168.1.7" with blanks, lies in one of `networks`. Returns
// INVALID_ARGUMENT for networks that are none, such as the name of an interface.
absl::StatusOr<bool> InNetworks(const std::string& networks, const std::string& addresses);

}  // namespace convoy::client
