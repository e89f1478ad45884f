// What build this is.
#pragma once

#include <string>

namespace convoy {

// The project's version, such as "0.1.0".
std::string Version();

// The commit that was built, 40 hexadecimal digits, with "-dirty" where the tree had changes;
// "unknown" where the build had no git.
std::string GitCommit();

// The SHA-256 of the running program's file: ranks compare it to be sure that they are one build.
std::string BuildId();

}  // namespace convoy
