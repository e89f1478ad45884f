// Text for people on its way to a terminal, a file or a pipe: the one way out of all three
// programs.
#pragma once

#include <cstdio>
#include <string_view>

#include "absl/status/status.h"

namespace convoy::terminal {

// Writes Fit(text) to `out`.
void Print(std::string_view text, std::FILE* out);

// Brings out what has been written to `out`, a program's result. Returns UNKNOWN if anything of it
// could not be: the disk is full, say, or the pipe's other end is gone.
absl::Status Flush(std::FILE* out);

}  // namespace convoy::terminal
