// What a watchdog says of a rank that others wait for. Who supervises the run knows the line by its
// words: mpirun, which still waits for a host that is gone, has no exit code to tell.
#pragma once

#include <string>

#include "common/i18n/translate.h"

namespace convoy::run {

// The rank $0 on the host $1 has not come to $2.
inline constexpr const char* kRankIsLate =
    Marked("rank $0 on $1 has not come to $2: in $3 since $4 s");
inline constexpr const char* kRankIsFrozen = Marked(
    "rank $0 on $1 has not come to $2: in $3 since $4 s; its process does not run (stopped, "
    "swapped out, or its host is cut off)");
inline constexpr const char* kRankIsUnheardOf =
    Marked("rank $0 on $1 has not come to $2: nothing was ever heard of it here");

// Whether `line` is one of these, in English or the user's language.
bool TellsOfLateRank(const std::string& line);

}  // namespace convoy::run
