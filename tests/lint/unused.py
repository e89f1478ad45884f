"""Public functions that no program uses: declared in a header, never named elsewhere but by tests.

A function that only its tests call is kept alive by them and nothing else. The rule reads text, not C++: a name counts
as used when it stands anywhere outside comments and strings, once its declarations and definitions are taken off.
What is there for tests on purpose stands in ALLOWED, with its reason.
"""

import re
from collections import Counter

from tree import Finding, Tree

ROOTS = ("common/", "worker/", "coordinator/", "client/")
USERS = (*ROOTS, "tests/", "bench/")  # whole programs there, such as fuzzers, are users; tests are not
EXEMPT = re.compile(r"[A-Z_]+|TEST_\w+")  # macros, and doors for tests that say so in their names

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
# A declaration at the start of a line: qualifiers and a type, the name, its parameters, what follows.
DECLARED = re.compile(
    r"^[ ]*(?!return\b|else\b|case\b|using\b|throw\b|delete\b|new\b|typedef\b)"
    r"(?:\[\[nodiscard\]\]\s*)?(?:(?:static|inline|virtual|constexpr|explicit|friend|HWY_INLINE|HWY_API|HWY_ATTR)\s+)*"
    r"[A-Za-z_][\w:<>,&* \n]*?[&* \n](?<!,[ \n])(?:[A-Za-z_]\w*(?:<[^<>]*>)?::)*([A-Z]\w+)\s*\(",
    re.MULTILINE)

ALLOWED = "tests/lint/unused_allowed.txt"


def check(tree: Tree) -> list[Finding]:
    sources = {path: COMMENT_OR_STRING.sub(lambda match: "\n" * match.group().count("\n"), tree.text(path))
               for path in tree.cpp_files() if path.startswith(USERS) and not _is_test(path)}
    named = _count(re.compile(r"\b[A-Z]\w+\b"), sources)
    declared = _count(DECLARED, sources)
    allowed = _read_allowed(tree)
    findings, unused = [], set()
    for path, text in sources.items():
        if not path.endswith(".h") or not path.startswith(ROOTS) or _is_reference(path):
            continue
        for match in DECLARED.finditer(text):
            name = match.group(1)
            if named[name] > declared[name] or EXEMPT.fullmatch(name) or _overrides(text, match.end()):
                continue
            unused.add(name)
            if name not in allowed:
                findings.append(Finding(path, text.count("\n", 0, match.start(1)) + 1,
                                        f"only tests use {name}: delete it, or move it to a _testing file"))
    return findings + [Finding(ALLOWED, line, f"{name} is used, or gone: take it out")
                       for name, line in allowed.items() if name not in unused]


def _count(pattern: re.Pattern, sources: dict[str, str]) -> Counter:
    return Counter(name for text in sources.values() for name in pattern.findall(text))


def _read_allowed(tree: Tree) -> dict[str, int]:
    """Returns the names that ALLOWED excepts, each with its line; a line is a name and a reason."""
    lines = tree.lines(ALLOWED) if ALLOWED in tree.paths else []
    return {line.split(" ", 1)[0]: number for number, line in lines if re.match(r"\w+ \S", line)}


def _overrides(text: str, start: int) -> bool:
    """Whether the declaration whose parameters begin at `start` overrides a function of a base class."""
    return re.match(r"[^;{]*\boverride\b", text[start:]) is not None


def _is_reference(path: str) -> bool:
    """Whether it is a plain reference of something fast, which is there for tests."""
    return path.endswith("_ref.h") or path.rsplit("/", 1)[-1].startswith("reference_")


def _is_test(path: str) -> bool:
    return path.endswith(("_test.cc", "_testing.cc", "_testing.h", "_test_cases.h"))
