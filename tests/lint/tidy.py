"""clang-tidy over C++: names, and mistakes that compile (.clang-tidy has the checks).

Parsing is what takes the time, most of it that of the headers of libraries. So `tidy` reads all our headers in two
translation units, half a minute for the whole tree; `tidy_sources` reads every source by itself, which is for the
long tests.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from tools import Skipped
from tree import Finding, Tree

# Another version has other checks, so only this one judges.
PROGRAM = "clang-tidy-14"
COMMANDS = "build/release/compile_commands.json"
UNITY = re.compile(r"build/release/(?P<folder>.+)/CMakeFiles/(?P<target>[^/]+)\.dir/Unity/")
ROOTS = ("common/", "worker/", "coordinator/", "client/")
# Translation units of headers, as many as small machines have cores.
HEADER_UNITS = (("common/",), ("worker/", "coordinator/", "client/"))
# What headers are read for on every run; sources get all of .clang-tidy.
HEADER_CHECKS = ("--checks=-*,readability-identifier-naming,modernize-use-override,bugprone-*,"
                 "-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,-bugprone-macro-parentheses")
NOT_ALONE = ("-inl.h", "_testing.h", "_test_cases.h")  # read in the sources and tests that include them
# Headers with coroutines are not read: libstdc++ has them for g++ and newer clangs only.
COROUTINES = "asio::awaitable"
# What g++ has and clang does not know.
EXTRA = ["-Wno-unknown-warning-option", "-Wno-error"]


def check_headers(tree: Tree) -> list[Finding]:
    """All headers, in a few translation units."""
    headers = [path for path in tree.cpp_files() if path.endswith(".h") and not path.endswith(NOT_ALONE)
               and COROUTINES not in tree.text(path)]
    flags = list(dict.fromkeys(word for words in _flags_by_folder(tree).values() for word in words))
    with tempfile.TemporaryDirectory() as scratch:
        def check_unit(roots: tuple[str, ...]) -> str:
            unit = pathlib.Path(scratch) / (roots[0].strip("/") + ".cc")
            unit.write_text("".join(f'#include "{path}"\n' for path in headers if path.startswith(roots)), encoding="utf-8")
            own = f"--header-filter=^{re.escape(str(tree.root))}/({'|'.join(roots)})"
            return _run(tree, [str(unit), HEADER_CHECKS, own], flags)
        return _findings(tree, check_unit, list(HEADER_UNITS))


def check_sources(tree: Tree) -> list[Finding]:
    """Every source and test by itself."""
    flags = _flags_by_folder(tree)
    # What is not built has no flags; that is another rule's matter.
    sources = [path for path in tree.cpp_files()
               if path.startswith(ROOTS) and path.endswith(".cc") and _folder(path) in flags]

    def check_source(path: str) -> str:
        return _run(tree, [path, "--header-filter=-"], flags[_folder(path)])
    return _findings(tree, check_source, sources)


def _flags_by_folder(tree: Tree) -> dict[str, list[str]]:
    """Returns for each folder what its sources are compiled with: -I, -D and the language."""
    if not shutil.which(PROGRAM):
        raise Skipped(f"{PROGRAM} is not installed")
    commands = tree.root / COMMANDS
    if not commands.exists():
        raise Skipped(f"there is no {COMMANDS}: configure first")
    flags = {}
    for entry in json.loads(commands.read_text(encoding="utf-8")):
        path = os.path.relpath(entry["file"], tree.root)
        words = shlex.split(entry["command"])
        kept = [word for word in words if word.startswith(("-I", "-D", "-std="))]
        kept += ["-isystem" + second for first, second in zip(words, words[1:]) if first == "-isystem"]
        # The flags of the library come before those of its tests, which may see more.
        folder, is_test = _compiled_for(path)
        if not is_test:
            flags.setdefault(folder, kept)
    return flags


def _folder(path: str) -> str:
    return str(pathlib.PurePath(path).parent)


def _compiled_for(path: str) -> tuple[str, bool]:
    """Returns whose folder's source this is, and whether it is one of a test. Sources that are compiled together
    are in a file that CMake makes: build/release/FOLDER/CMakeFiles/TARGET.dir/Unity/..."""
    together = UNITY.match(path)
    if together:
        return together["folder"], together["target"].endswith("_tests")
    return _folder(path), path.endswith("_test.cc")


def _run(tree: Tree, arguments: list[str], flags: list[str]) -> str:
    command = [PROGRAM, "--quiet", *arguments, "--config-file=.clang-tidy", "--", *flags, *EXTRA]
    return subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False).stdout


def _findings(tree: Tree, check_one, names: list[str]) -> list[Finding]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        output = "\n".join(pool.map(check_one, names))
    places = re.findall(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$", output, re.MULTILINE)
    return sorted({Finding(os.path.relpath(path, tree.root), int(line), message.replace(",-warnings-as-errors", ""))
                   for path, line, message in places})
