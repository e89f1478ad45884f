#!/usr/bin/env python3
"""Checks rules of the project that no compiler knows; CONTRIBUTING.md says what for.

Usage: tests/lint/lint.py [--root DIR] [RULE...]     (all rules but tidy_sources unless some are named)
Exit code: 0 all kept, 1 some broken (each printed as FILE:LINE: message), 2 wrong usage,
77 if the only rule asked for cannot be checked on this machine.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

import clocks
import flags
import includes
import names
import sources
import spoken
import tidy
import tools
import translations
import unused
from tree import Tree

RULES = {
    "includes": includes.check,
    "folders": includes.check_folders,
    "built": sources.check_built,
    "length": sources.check_length,
    "openings": sources.check_openings,
    "flags": flags.check,
    "clocks": clocks.check,
    "test_doors": sources.check_test_doors,
    "merged": sources.check_merged,
    "headers": sources.check_headers,
    "scripts": tools.check_scripts,
    "spoken": spoken.check,
    "format": tools.check_format,
    "names": names.check,
    "translations": translations.check,
    "unused": unused.check,
    "tidy": tidy.check_headers,
    "tidy_sources": tidy.check_sources,
}
SLOW = ("tidy_sources",)  # minutes
SKIPPED = 77


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[2])
    parser.add_argument("rules", nargs="*", metavar="RULE", help=", ".join(RULES))
    arguments = parser.parse_args()
    unknown = [rule for rule in arguments.rules if rule not in RULES]
    if unknown:
        parser.error(f"no rule {unknown[0]}; there are {', '.join(RULES)}")

    tree = Tree(arguments.root.resolve())
    if not tree.paths:
        parser.error(f"no files in {arguments.root}")
    rules = arguments.rules or [rule for rule in RULES if rule not in SLOW]
    findings, skipped = [], []
    for rule in rules:
        try:
            findings += [f"{finding} [{rule}]" for finding in RULES[rule](tree)]
        except tools.Skipped as reason:
            skipped.append(f"{rule}: skipped, {reason}")
    print("\n".join(findings + skipped + [f"{len(tree.paths)} files, {len(findings)} findings"]))
    if findings:
        return 1
    return SKIPPED if len(skipped) == len(rules) else 0


if __name__ == "__main__":
    sys.exit(main())
