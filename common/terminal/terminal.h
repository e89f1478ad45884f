// What can be shown where a program writes: the one place that asks for a terminal's width, cursor
// and characters.
#pragma once

#include <cstdio>

namespace convoy::terminal {

struct Terminal {
  bool is_terminal = false;  // somebody looks at it; false: a file or a pipe, written as it comes
  bool can_redraw = false;   // the cursor moves: not so with TERM=dumb or without TERM
  bool utf8 = true;          // of the locale; files and pipes are always UTF-8
  int columns = 80;
  int rows = 24;
};

// Asks anew with each call, because a window may change. Where a terminal does not tell its size it
// is 80 x 24. Of a rank under mpirun, which gives it a terminal of its own making, that is the
// terminal where mpirun, the parent process, writes. Not safe against a changing environment.
Terminal TerminalOf(std::FILE* out);

// Whether the character set of $LC_ALL, $LC_CTYPE or $LANG, the first that is set, is UTF-8. A
// locale that names none ("fr_FR") counts as UTF-8, "C", "POSIX" and no locale do not.
bool LocaleIsUtf8();

}  // namespace convoy::terminal
