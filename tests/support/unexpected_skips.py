#!/usr/bin/env python3
"""Says which tests of a run were skipped and should not have been: a skip must not hide a broken test.

    unexpected_skips.py RESULTS [LIST]

RESULTS is what `ctest --output-junit RESULTS --test-output-size-passed 1000000` wrote, LIST says what may
be skipped where (permitted_skips.txt beside this file). Exit code: 0 none, 1 some, 2 wrong usage.
"""
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing
import xml.etree.ElementTree as ET

LIST = pathlib.Path(__file__).with_name("permitted_skips.txt")
SYSTEM_PYTHON = "/usr/bin/python3"
# "test_x (module.Class) ... skipped 'why'", with a line of documentation between or without.
UNITTEST_SKIP = re.compile(r"^(test_\w+) \([^)\n]*\)(?:\n[^\n]*)? \.\.\. skipped (.*)$", re.MULTILINE)
UNITTEST_COUNT = re.compile(r"^(?:OK|FAILED) \((?:.*, )?skipped=(\d+)", re.MULTILINE)
GTEST_SKIP = re.compile(r"^\[  SKIPPED \] ([\w./]+) \(\d+ ms\)$", re.MULTILINE)


class Skip(typing.NamedTuple):
    name: str  # as in the list
    reason: str  # "" if the test did not say


class Permission(typing.NamedTuple):
    test: str  # a glob
    conditions: list[str]
    reason: str


def skips(results: pathlib.Path) -> list[Skip]:
    """All that was skipped: whole tests of ctest, and single ones inside those that passed."""
    found = []
    for case in ET.parse(results).iter("testcase"):
        name, output = case.get("name"), case.findtext("system-out") or ""
        if case.find("skipped") is not None:
            said = re.search(r"skipped[:,]? *(.*)", output, re.IGNORECASE)
            found.append(Skip(name, said.group(1) if said else ""))
        else:
            found += skips_inside(name, output)
    return found


def skips_inside(name: str, output: str) -> list[Skip]:
    named = [Skip(f"{name}/{test}", why) for test, why in UNITTEST_SKIP.findall(output)]
    nameless = sum(map(int, UNITTEST_COUNT.findall(output))) - len(named)
    if nameless > 0:
        named.append(Skip(f"{name}/?", f"{nameless} without names, see unittest.main(verbosity=2)"))
    return named + [Skip(f"{name}/{test}", "") for test in dict.fromkeys(GTEST_SKIP.findall(output))]


def permissions(path: pathlib.Path) -> list[Permission]:
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("|")]
        if len(columns) != 3 or not all(columns):
            sys.exit(f"{path}:{number}: want TEST | WHERE | WHY")
        rows.append(Permission(columns[0], [condition.strip() for condition in columns[1].split(",")], columns[2]))
    return rows


def holds(condition: str) -> bool:
    """Whether this machine is one of those that the condition describes."""
    no, kind, *names = condition.split()
    if no == "no" and len(names) == 1:
        name = names[0]
        if kind == "variable":
            return not os.environ.get(name)
        if kind == "program":
            return shutil.which(name) is None
        if kind == "module":
            return fails(SYSTEM_PYTHON, "-c", f"import {name}")
        if condition == "no npm registry":
            return fails("npm", "ping", "--fetch-retries=0", "--fetch-timeout=20000")
    if condition == "no mounts":
        return fails("unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
    sys.exit(f"unexpected_skips.py: unknown condition '{condition}'")


def fails(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode != 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return True


def complaint(skip: Skip, permitted: list[Permission]) -> str | None:
    """One line on a skip that should not be, None for one that may."""
    said = f" ({skip.reason})" if skip.reason else ""
    rows = [row for row in permitted if fnmatch.fnmatchcase(skip.name, row.test)]
    if not rows:
        return f"{skip.name}: was skipped{said}, and {LIST.name} does not permit it"
    conditions = [condition for row in rows for condition in row.conditions]
    if any(map(holds, conditions)):
        return None
    return f"{skip.name}: was skipped{said}, though here is not: {', '.join(conditions)}"


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    permitted = permissions(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else LIST)
    complaints = [line for skip in skips(pathlib.Path(sys.argv[1])) if (line := complaint(skip, permitted))]
    for line in complaints:
        print(f"unexpected skip: {line}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
