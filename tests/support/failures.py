#!/usr/bin/env python3
"""Repeats at the end of a run what its failed tests said last: among two hundred tests that passed
nobody finds it, and a log that is kept often keeps its end only.

    failures.py RESULTS

RESULTS is what `ctest --output-junit RESULTS` wrote. Prints nothing where all passed.
"""
import re
import sys
import xml.etree.ElementTree as ET

LAST_LINES = 25
# What says that something was wrong: GoogleTest's, unittest's and our programs' words for it.
TELLING = re.compile(r"Failure$|^\[  FAILED  \]|^(FAIL|ERROR):|^\w*Error\b|: (error|failed):")
AROUND = 6


def telling_lines(output: str) -> list[str]:
    """The lines around every complaint, and the last ones, each once and in their order."""
    lines = output.splitlines()
    wanted = set(range(max(0, len(lines) - LAST_LINES), len(lines)))
    for number, line in enumerate(lines):
        if TELLING.search(line):
            wanted.update(range(max(0, number - 1), min(len(lines), number + AROUND)))
    return [lines[number] for number in sorted(wanted)]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for case in ET.parse(sys.argv[1]).iter("testcase"):
        if case.get("status") == "fail":
            print(f"\n--- {case.get('name')} failed:")
            print("\n".join(telling_lines(case.findtext("system-out") or "")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
