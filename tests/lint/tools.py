"""Rules that other programs check: scripts by bash and shellcheck, C++ by clang-format."""

import os
import re
import shutil
import subprocess

from tree import Finding, Tree

# Another version formats differently, so only this one judges.
CLANG_FORMAT_VERSION = 14


class Skipped(Exception):
    """The rule cannot be checked here; says why."""


def check_scripts(tree: Tree) -> list[Finding]:
    """Every bash script parses, can be executed if it has a #! line, and pleases shellcheck."""
    findings, scripts = [], []
    for path in tree.paths:
        first_line = tree.text(path).split("\n", 1)[0]
        if re.match(r"#!.*\b(ba)?sh\b", first_line) or path.endswith((".sh", ".sbatch")):
            scripts.append(path)
        if first_line.startswith("#!") and not os.access(tree.root / path, os.X_OK):
            findings.append(Finding(path, 1, "has a #! line and is not executable"))
    for path in scripts:
        findings += _run(tree, ["bash", "-n", path], path)
    if scripts and shutil.which("shellcheck"):
        findings += _run(tree, ["shellcheck", "-x", "-f", "gcc", *scripts], "")
    return findings


def check_format(tree: Tree) -> list[Finding]:
    """All C++ looks as .clang-format says."""
    found = [name for name in (f"clang-format-{CLANG_FORMAT_VERSION}", "clang-format")
             if _version(name) == CLANG_FORMAT_VERSION]
    if not found:
        raise Skipped(f"clang-format {CLANG_FORMAT_VERSION} is not installed")
    files = tree.cpp_files()
    findings = _run(tree, [found[0], "--dry-run", "-Werror", *files], "") if files else []
    # A badly formatted line is reported several times; the first place in a file is enough.
    first = {finding.path: finding for finding in reversed(findings)}
    return sorted(finding._replace(message=f"mend by {found[0]} -i {finding.path}") for finding in first.values())


def _version(program: str) -> int:
    if not shutil.which(program):
        return 0
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"version (\d+)", text)
    return int(match.group(1)) if match else 0


def _run(tree: Tree, command: list[str], path: str) -> list[Finding]:
    """Runs a checker at the tree's root; each "FILE:LINE:... message" that it prints is a finding."""
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    output = done.stdout + done.stderr
    places = re.findall(r"^([^\s:]+):(?: line )?(\d+):(?:\d+:)? (.*)$", output, re.MULTILINE)
    return [Finding(*_place(place)) for place in places] or [Finding(path or command[0], 0, output.strip())]


def _place(match: tuple[str, str, str]) -> tuple[str, int, str]:
    return match[0], int(match[1]), match[2]
