"""No duration by the wall clock, which people and NTP set: a wait would be an hour longer, a difference an hour off.

Durations are differences of Moment::SteadyNow() or a Stopwatch; who waits uses SteadyCondition or a Ticker. absl's waits
with a time-out or deadline go by the wall clock.
"""

import re

from tree import Finding, Tree

ROOTS = ("common/", "worker/", "coordinator/", "client/")
WAITS = re.compile(r"\b(?:Wait|Await|LockWhen|ReaderLockWhen|WaitForNotification)With(?:Timeout|Deadline)\b")
WALL = r"(?:absl::Now\(\)|system_clock::now\(\))"
MEASURES = re.compile(rf"{WALL}\s*[-<>]|[-<>]=?\s*(?:[a-z_:]*::)?{WALL}")


def check(tree: Tree) -> list[Finding]:
    findings = []
    for path in tree.cpp_files():
        if not path.startswith(ROOTS) or path.endswith(("_test.cc", "_testing.cc")):
            continue
        for number, line in tree.lines(path):
            code = line.partition("//")[0]
            if WAITS.search(code):
                findings.append(Finding(path, number, "waits by the wall clock: use SteadyCondition or Ticker"))
            elif MEASURES.search(code):
                findings.append(Finding(path, number, "measures by the wall clock: use Moment::SteadyNow or Stopwatch"))
    return findings
