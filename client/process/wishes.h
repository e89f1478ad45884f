// How often this process was asked to stop: by Ctrl-C, SIGTERM, SIGUSR1 or the end of a login.
#pragma once

namespace convoy::client {

// From here on these signals count instead of ending the process. One that was ignored before stays
// so, as nohup wants it.
void HearWishes();

// Returns 0, 1 (stop with a checkpoint) or 2 (at once). What comes within half a second of the
// first is the same wish: a login that ends sends several signals.
int Wishes();

}  // namespace convoy::client
