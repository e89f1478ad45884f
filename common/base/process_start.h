// What a process needs before it opens, writes or starts anything, however it was started.
#pragma once

namespace convoy {

// Opens /dev/null as whichever of the descriptors 0 to 2 is closed, so that no file that is opened
// later becomes standard output and gets text meant for a terminal. Makes a write to a pipe that
// nobody reads, and one beyond the limit of a file's size, an error of write() instead of a death
// by SIGPIPE or SIGXFSZ. Call it first in main.
void PrepareProcess();

}  // namespace convoy
