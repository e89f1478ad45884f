"""Who may include whom: the table of folders in docs/architecture.md against the #include lines.

The table is the design, so it holds exactly the edges that there are: an include that it does not name is a finding,
and so is an edge that no include needs. Tests may include more, see _test_complaint().
"""

import fnmatch
import pathlib
import re
from typing import NamedTuple

from tree import Finding, Tree

TABLE = "docs/architecture.md"
PROGRAMS = ("worker", "coordinator", "client")
ROOTS = ("common", *PROGRAMS, "web")
MAX_FILES = 40  # a longer listing is no overview

# Headers of other libraries that only some files may see: (what, pattern, files).
RESERVED = [
    ("OpenBLAS", r"cblas", ["common/kernels/blas/gemm.cc"]),
    ("MPI", r"mpi(-ext)?\.h$", ["worker/comm/mpi_communicator*"]),
    ("gRPC", r"grpc|.*\.grpc\.pb\.h$", ["common/rpc/*", "worker/report/*", "coordinator/*", "client/*"]),
    # Below common/formats the description of a network is read in one file, nothing else.
    ("protobuf", r"google/protobuf/|.*\.pb\.h$|common/textproto/",
     ["common/textproto/*", "common/nn/model_spec.cc", "common/api/*", "common/formats/*", "common/exports/*",
      "common/recipes/*", "common/rpc/*", "worker/*", "coordinator/*", "client/*"]),
    ("libpng", r"png\.h$", ["common/images/png*", "common/images/decode/png*"]),
    ("libjpeg", r"jpeglib\.h$|jerror\.h$", ["common/images/decode/jpeg.cc"]),
    ("libarchive", r"archive(_entry)?\.h$", ["common/data/files/archive_tree.cc"]),
    ("HDF5", r"hdf5\.h$|H5", ["common/exports/hdf5/hdf5_*"]),
    ("ONNX", r"onnx/", ["common/exports/onnx/onnx_*"]),
]

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
ROW = re.compile(r"\| `([a-z_/0-9]+)` \|.*\|([^|]*)\|$")


class Row(NamedTuple):
    """A folder's row of the table: its line there and the folders that it includes."""

    line: int
    includes: tuple[str, ...]


def check(tree: Tree) -> list[Finding]:
    table = _read_table(tree)
    findings, used = [], set()
    for path in tree.cpp_files():
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if match and path.startswith(tuple(root + "/" for root in ROOTS)):
                message = _complaint(tree, table, path, *match.groups())
                if message:
                    findings.append(Finding(path, number, message))
                elif not _is_test(path):
                    used.add((_folder(path), _folder(match.group(2))))
    return findings + _table_complaints(tree, table, used)


def check_folders(tree: Tree) -> list[Finding]:
    """No folder of ours has more than MAX_FILES sources and headers beside their tests."""
    counts: dict[str, int] = {}
    for path in tree.cpp_files():
        if path.startswith(tuple(root + "/" for root in ROOTS)) and not path.endswith("_test.cc"):
            counts[_folder(path)] = counts.get(_folder(path), 0) + 1
    return [Finding(folder, 0, f"has {count} files, more than {MAX_FILES}: give each idea a folder of its own")
            for folder, count in sorted(counts.items()) if count > MAX_FILES]


def _read_table(tree: Tree) -> dict[str, Row]:
    rows = {}
    for number, line in tree.lines(TABLE) if TABLE in tree.paths else []:
        match = ROW.match(line)
        if match:
            rows[match.group(1)] = Row(number, tuple(re.findall(r"`([^`]+)`", match.group(2))))
    return rows


def _complaint(tree: Tree, table: dict[str, Row], path: str, quote: str, included: str) -> str | None:
    """Returns what is wrong with `path` including `included`, None if nothing is."""
    for library, pattern, allowed in RESERVED:
        if re.match(pattern, included) and not any(fnmatch.fnmatch(path, a) for a in allowed):
            return f"only {', '.join(allowed)} may include {library} ({included})"
    if included.startswith(("tests/", "bench/")):
        return None if path.endswith("_test.cc") else f"only tests may include {included}"
    if not included.startswith(tuple(root + "/" for root in ROOTS)):
        beside = str(pathlib.PurePath(path).parent / included)
        if quote == '"' and beside in tree.paths:
            return f"write the path from the project's root: {beside}"
        return None
    source, target = _folder(path), _folder(included)
    if source not in table:
        return f"the table of {TABLE} has no row for {source}"
    if _is_test(path):
        return _test_complaint(source, included)
    if target != source and target not in table[source].includes:
        return f"{source} must not include {included}"
    return None


def _test_complaint(source: str, included: str) -> str | None:
    """A test may include its own program and common: it stands at the edge of the graph."""
    if included.split("/", 1)[0] in ("common", source.split("/", 1)[0]):
        return None
    return f"{source} must not include {included}, not even in a test"


def _table_complaints(tree: Tree, table: dict[str, Row], used: set[tuple[str, str]]) -> list[Finding]:
    findings = []
    folders = {_folder(path) for path in tree.cpp_files()}
    for folder, row in table.items():
        if folder not in folders:
            findings.append(Finding(TABLE, row.line, f"{folder} has no sources"))
        findings += [Finding(TABLE, row.line, f"{folder} does not include {target}: take it out of the row")
                     for target in row.includes if folder in folders and (folder, target) not in used]
    findings += [Finding(TABLE, table[folder].line, f"{folder} includes itself by way of others")
                 for folder in table if folder in _reachable(table, folder)]
    return findings


def _reachable(table: dict[str, Row], folder: str) -> set[str]:
    """Returns all that `folder` includes, directly or not."""
    found: set[str] = set()
    waiting = list(table[folder].includes)
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(table[current].includes if current in table else ())
    return found


def _folder(path: str) -> str:
    return str(pathlib.PurePath(path).parent)


def _is_test(path: str) -> bool:
    return path.endswith(("_test.cc", "_testing.cc", "_testing.h", "_test_cases.h"))
