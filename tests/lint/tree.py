"""The files that lint looks at, and what a rule says about them."""

import pathlib
import subprocess
from typing import NamedTuple

IGNORED_AT_ROOT = {".git", "build", "runs", "data"}
IGNORED_ANYWHERE = {"node_modules", "__pycache__"}
CPP_SUFFIXES = {".cc", ".h"}


class Finding(NamedTuple):
    """One violation; `line` counts from 1, 0 means the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


class Tree:
    """The project's own text files below `root`, by their paths relative to it."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.paths = sorted(path for path in _list_files(root) if (root / path).is_file())
        self._texts: dict[str, str | None] = {}

    def text(self, path: str) -> str:
        """Returns the file's content, "" for one that is not text."""
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def lines(self, path: str) -> list[tuple[int, str]]:
        """Returns the file's lines with their numbers, counted from 1."""
        return list(enumerate(self.text(path).splitlines(), start=1))

    def cpp_files(self) -> list[str]:
        return [path for path in self.paths if pathlib.PurePath(path).suffix in CPP_SUFFIXES]


def _list_files(root: pathlib.Path) -> list[str]:
    """Asks git, which also knows new files that are not ignored; without git walks the folders."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=False)
        if listed.returncode == 0:
            return [name for name in listed.stdout.decode().split("\0") if name]
    paths = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return [str(path) for path in paths
            if path.parts[0] not in IGNORED_AT_ROOT and not IGNORED_ANYWHERE.intersection(path.parts)]
