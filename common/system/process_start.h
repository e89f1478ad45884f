// What a process needs before it opens, writes or starts anything, however it was started.
#pragma once

#include <cstdint>

namespace convoy {

// Opens /dev/null as whichever of the descriptors 0 to 2 is closed, so that no file that is opened
// later becomes standard output and gets text meant for a terminal. Makes a write to a pipe that
// nobody reads, and one beyond the limit of a file's size, an error of write() instead of a death
// by SIGPIPE or SIGXFSZ. Call it first in main.
void PrepareProcess();

// Lets this process open as many descriptors as the system allows it at most, and returns that
// number. For servers: what a shell sets is often 1024.
int64_t RaiseDescriptorLimit();

}  // namespace convoy
