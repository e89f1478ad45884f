"""Libraries name the fields of options, never command-line flags: who calls them may have no command line.

Edges may: the programs' main folders, command lines, and what prints for people. A whole command for people to type
("trainer --resume") may stand anywhere.
"""

import fnmatch
import re

from tree import Finding, Tree

EDGES = ["worker/main/*", "coordinator/main/*", "client/main/*", "client/cli/*", "client/commands/*", "common/cli/*",
         "worker/report/console.cc", "common/figures/report/report*"]
PROGRAMS = r"\b(?:trainer|coordinator|convoy|mpirun|sh)\b"

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Before a flag that is part of a whole command; a literal that begins with " --" goes on with one.
COMMAND = re.compile(PROGRAMS + r"[^:;]*$|^ $")
# The end of a line whose literal goes on in the next, in the middle of a command.
CONTINUED = re.compile(PROGRAMS + r'[^:;"]* "$')


def check(tree: Tree) -> list[Finding]:
    findings = []
    for path in filter(_is_library, tree.cpp_files()):
        previous = ""
        for number, line in tree.lines(path):
            if not CONTINUED.search(previous):
                findings += [Finding(path, number, f"names a flag, {flag}: a library names the field "
                                                   f"({flag[2:].replace('-', '_')})") for flag in _flags(line)]
            previous = line.rstrip()
    return findings


def _is_library(path: str) -> bool:
    return (path.startswith(("common/", "worker/", "coordinator/", "client/"))
            and not path.endswith(("_test.cc", "_testing.cc")) and not any(fnmatch.fnmatch(path, e) for e in EDGES))


def _flags(line: str) -> list[str]:
    """Returns the flags in the line's string literals that are not part of a whole command."""
    if line.lstrip().startswith("//"):
        return []
    return [flag.group(0) for literal in LITERAL.finditer(line) for flag in FLAG.finditer(literal.group(1))
            if not COMMAND.search(literal.group(1)[:flag.start()])]
