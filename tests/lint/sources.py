"""Rules for single source files: built, not too long, headers that introduce themselves."""

import pathlib
import re

from tree import Finding, Tree

MAX_LINES = 500
MAX_LINES_UNINTRODUCED = 150
SOURCE_SUFFIXES = {".cc", ".h", ".py", ".sh", ".proto", ".cmake", ".js", ".mjs", ".ts", ".css", ".html"}
ALLOWED_LONG_FILES = "tests/lint/long_files.txt"


def check_built(tree: Tree) -> list[Finding]:
    """Every .cc file stands in a CMakeLists.txt, so that no test is written and never run."""
    named = {path: set(re.split(r"[\s()\"]+", re.sub(r"#.*", "", tree.text(path))))
             for path in tree.paths if pathlib.PurePath(path).name == "CMakeLists.txt"}
    return [Finding(path, 0, "is in no CMakeLists.txt, so it is never built")
            for path in tree.paths if path.endswith(".cc") and not _is_named(path, named)]


def _is_named(path: str, named: dict[str, set[str]]) -> bool:
    """Whether the CMakeLists.txt of the file's folder, or of one above, has its relative path."""
    for folder in pathlib.PurePath(path).parents:
        if str(pathlib.PurePath(path).relative_to(folder)) in named.get(str(folder / "CMakeLists.txt"), ()):
            return True
    return False


def check_length(tree: Tree) -> list[Finding]:
    """No source has more than MAX_LINES lines, except those in the list of long files."""
    findings, allowed = [], {}
    for number, line in tree.lines(ALLOWED_LONG_FILES) if ALLOWED_LONG_FILES in tree.paths else []:
        if line.strip() and not line.startswith("#"):
            path, _, reason = line.partition(" ")
            allowed[path] = number
            if not reason.strip():
                findings.append(Finding(ALLOWED_LONG_FILES, number, f"{path} needs a reason"))
    long_files = {path: len(tree.lines(path)) for path in tree.paths
                  if pathlib.PurePath(path).suffix in SOURCE_SUFFIXES and len(tree.lines(path)) > MAX_LINES}
    findings += [Finding(path, 0, f"has {count} lines, more than {MAX_LINES}: split it (or {ALLOWED_LONG_FILES})")
                 for path, count in long_files.items() if path not in allowed]
    findings += [Finding(ALLOWED_LONG_FILES, number, f"{path} is not a long file (any more)")
                 for path, number in allowed.items() if path not in long_files]
    return findings


def check_openings(tree: Tree) -> list[Finding]:
    """A longer source opens with a comment that says what it does and by which idea."""
    return [Finding(path, 1, f"has {len(tree.lines(path))} lines: open it with what it does and by which idea")
            for path in tree.paths if path.endswith(".cc") and not path.endswith(("_test.cc", "_testing.cc"))
            and len(tree.lines(path)) > MAX_LINES_UNINTRODUCED and not tree.text(path).startswith("// ")]


def check_merged(tree: Tree) -> list[Finding]:
    """No marker of a merge conflict is left in any file."""
    return [Finding(path, number, "marker of a merge conflict")
            for path in tree.paths for number, line in tree.lines(path) if re.match(r"(<{7}|>{7}) ", line)]


def check_test_doors(tree: Tree) -> list[Finding]:
    """What a library has for tests, and may take away, is not called by what users run."""
    called = re.compile(r"\b\w+(?:ForTests?|ForTesting|_for_tests?|_for_testing|TestOnly)\s*\(")
    return [Finding(path, number, "calls what is there for tests alone")
            for path in tree.cpp_files() if not path.endswith(("_test.cc", "_testing.cc", "_testing.h", "_test_cases.h"))
            and path.startswith(("common/", "worker/", "coordinator/", "client/"))
            for number, line in tree.lines(path) if called.search(line.partition("//")[0])]


def check_headers(tree: Tree) -> list[Finding]:
    """A header begins with a comment that says what it is, and is protected by #pragma once; one that is
    included once for each instruction set (Highway's x-inl.h) by the guard that allows just that."""
    findings = []
    for path in tree.paths:
        if not path.endswith(".h"):
            continue
        lines = tree.text(path).splitlines()
        if not lines or not re.match(r"// \S", lines[0]):
            findings.append(Finding(path, 1, "begins without a comment that says what the header is"))
        code = [line for line in lines if line.strip() and not line.startswith("//")]
        guard = r"#if defined\(\w+\) == defined\(HWY_TARGET_TOGGLE\)" if path.endswith("-inl.h") else "#pragma once"
        if not code or not re.fullmatch(guard, code[0]):
            what = "Highway's guard" if path.endswith("-inl.h") else "#pragma once"
            findings.append(Finding(path, 0, f"{what} is not the first line after the comment"))
    return findings
