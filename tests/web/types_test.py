#!/usr/bin/env python3
"""The page's TypeScript has no type error: a text without its translation, a field that the API does not have.

    types_test.py TSCONFIG BUILD      BUILD/src has the sources with the API made for them; skipped (77) without tsc
"""
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77

if __name__ == "__main__":
    config, build = map(pathlib.Path, sys.argv[1:])
    if not shutil.which("tsc"):
        print("skipped: tsc is not installed (package node-typescript)")
        sys.exit(SKIPPED)
    copied = shutil.copy(config, build)
    sys.exit(subprocess.run(["tsc", "-p", copied], check=False).returncode)
