// The trainer as convoy starts it.
#pragma once

#include <string>

namespace convoy::client {

// Returns the trainer beside this program, else "trainer", which is looked for in PATH.
std::string TrainerProgram();

}  // namespace convoy::client
