#!/usr/bin/env python3
"""Node and its packages for tests, in exactly the versions of package-lock.json, in a folder of the build tree.

    node_packages.py install FOLDER
    node_packages.py run FOLDER SCRIPT ARGUMENTS...     node SCRIPT FOLDER ARGUMENTS...

Exit code: that of the script; 77 if this machine has no node or npm, or npm cannot reach its registry (in continuous
integration, where $CI is set, that is a failure: 1).
"""

import filecmp
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
LISTS = ("package.json", "package-lock.json")
SKIPPED = 77


def is_installed(folder):
    done = folder / "installed.json"
    return done.exists() and filecmp.cmp(HERE / "package-lock.json", done, shallow=False)


def install(folder):
    if not shutil.which("node") or not shutil.which("npm"):
        print("skipped: node and npm are not installed")
        return SKIPPED
    if is_installed(folder):
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copy(HERE / name, folder)
    # No package's own scripts: some would download binaries.
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=False)
    if done.returncode != 0:
        print("npm could not install the packages, see above")
        return 1 if os.environ.get("CI") else SKIPPED
    shutil.copy(HERE / "package-lock.json", folder / "installed.json")
    return 0


def run(folder, script, *arguments):
    if not shutil.which("node") or not is_installed(folder):
        print("skipped: node or its packages are not installed")
        return SKIPPED
    return subprocess.run(["node", script, folder, *arguments], check=False).returncode


if __name__ == "__main__":
    command, where, *rest = sys.argv[1:]
    sys.exit({"install": install, "run": run}[command](pathlib.Path(where), *rest))
