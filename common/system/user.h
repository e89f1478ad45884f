// Who runs this process, by the system's records and not by what the environment claims.
#pragma once

#include <string>

namespace convoy {

// Returns the name of the effective user, or the number where it has none, as in containers.
std::string UserName();

// Returns $HOME, or what the system has for the user where that is unset or empty; "" where neither
// is known.
std::string HomeDirectory();

}  // namespace convoy
