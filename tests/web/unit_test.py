#!/usr/bin/env python3
"""Runs the tests of the page's parts that need no browser, bundled with the sources that they test.

    unit_test.py ESBUILD FOLDER      FOLDER has the tests, *.mjs; skipped (77) without node
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77

if __name__ == "__main__":
    esbuild, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not shutil.which("node"):
        print("skipped: node is not installed")
        sys.exit(SKIPPED)
    tests = sorted(folder.glob("*.mjs"))
    with tempfile.TemporaryDirectory() as bundles:
        subprocess.run([esbuild, *tests, "--bundle", "--platform=node", "--format=esm", "--out-extension:.js=.mjs",
                        f"--outdir={bundles}", "--log-level=warning"], check=True)
        bundled = sorted(pathlib.Path(bundles).glob("*.mjs"))
        if len(bundled) != len(tests) or not tests:
            sys.exit(f"{len(bundled)} of {len(tests)} tests were bundled")
        sys.exit(subprocess.run(["node", "--test", *bundled], check=False, cwd=folder).returncode)
