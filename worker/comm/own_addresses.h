// This host's addresses, for connections that ranks make beside MPI.
#pragma once

#include <string>
#include <vector>

namespace convoy::comm {

// Returns the IPv4 addresses, "192.168.1.7"; those of loopback only where there is no other.
std::vector<std::string> OwnAddresses();

}  // namespace convoy::comm
