"""A terminal of any size, as a person sees it: runs a program there and reads the screen (pyte)."""
import errno
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pyte

import harness

UTF8, ASCII = {"LANG": "C.UTF-8"}, {"LANG": "C"}
FRENCH, FRENCH_ASCII = {"LANG": "fr_FR.UTF-8"}, {"LANG": "fr_FR.ISO-8859-1"}
LANGUAGE = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES")


class Screen:
    """Runs `command` to its end on a terminal; `frames` are the screens that it drew, each once."""

    def __init__(self, command, columns, rows=24, env=None, cwd=None, during=None):
        self.columns = columns
        self.frames = []
        self._screen = pyte.HistoryScreen(columns, rows, history=10000)
        stream = pyte.ByteStream(self._screen)
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen([str(word) for word in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                   stdout=its, stderr=its, start_new_session=True)
        os.close(its)
        self.raw = b""
        deadline = time.monotonic() + harness.TIMEOUT
        while piece := self._read(ours, deadline):
            self.raw += piece
            # A redraw begins with a carriage return or an escape: what was there before it was seen.
            for part in piece.replace(b"\r", b"\0\r").split(b"\0"):
                self._note()
                stream.feed(part)
        self._note()
        os.close(ours)
        self.code = process.wait(harness.TIMEOUT)

    @staticmethod
    def _read(ours, deadline):
        ready, _, _ = select.select([ours], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise AssertionError("the program did not end")
        try:
            return os.read(ours, 1 << 16)
        except OSError as error:  # Linux's way to say that the other side is closed
            if error.errno != errno.EIO:
                raise
            return b""

    def _note(self):
        frame = "\n".join(line.rstrip() for line in self._screen.display).rstrip()
        if not self.frames or self.frames[-1] != frame:
            self.frames.append(frame)

    def lines(self):
        """All lines that stayed, those that scrolled away included."""
        gone = ["".join(row[x].data for x in range(self.columns)).rstrip() for row in self._screen.history.top]
        return gone + [line.rstrip() for line in self._screen.display]

    def text(self):
        return "\n".join(self.lines()).rstrip()


def environment(scratch, **extra):
    """The tests' environment on a terminal, without what would choose a language or a form."""
    kept = {name: value for name, value in harness.environment(scratch, {}).items()
            if name not in (*LANGUAGE, "NO_COLOR", "COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm", **extra}
