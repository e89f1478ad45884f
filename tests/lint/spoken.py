"""What people read on a terminal is said in their language: errors and notes of the programs have no bare English text.

An absl error's text, or a line of the log to a person, is Tr's, TextError's or a message's. Libraries below may have errors
of their own making that hardly anybody meets; these folders are what people see of the programs.
"""

import re

from tree import Finding, Tree

FOLDERS = ("client/", "common/cli/", "common/figures/", "common/run/", "worker/main/", "worker/report/", "worker/watch/")
SAID = re.compile(r"\b(?:absl::\w+Error|log::Note|log::Error)\(\s*(?:absl::Str(?:Cat|Format)\(|\")")
WORD = re.compile(r"[A-Za-z]{3}")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def check(tree: Tree) -> list[Finding]:
    return [finding for path in filter(_is_seen, tree.cpp_files()) for finding in _check_file(path, tree.text(path))]


def _is_seen(path: str) -> bool:
    return path.startswith(FOLDERS) and not path.endswith(("_test.cc", "_testing.cc", "_testing.h"))


def _check_file(path: str, text: str) -> list[Finding]:
    findings = []
    for said in SAID.finditer(text):
        call = text[said.start():text.find(");\n", said.end())]
        words = [literal for literal in LITERAL.findall(call) if WORD.search(literal)]
        if words:
            findings.append(Finding(path, text.count("\n", 0, said.start()) + 1,
                                    f"says {words[0]!r} in English alone; Tr, TextError or MakeMessage translate it"))
    return findings
