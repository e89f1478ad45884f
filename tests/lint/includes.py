"""Who may include whom: the folders of docs/architecture.md, read from the #include lines."""

import fnmatch
import pathlib
import re

from tree import Finding, Tree

# Each folder with the folders just below it; what those may include, it may too.
BELOW = {
    "common/base": [],
    "common/tensor": ["common/base"],
    "common/kernels": ["common/tensor"],
    "common/textproto": ["common/base"],
    "common/nn": ["common/kernels", "common/textproto"],
    "common/optim": ["common/nn"],
    "common/data": ["common/tensor"],
    "common/metrics": ["common/tensor"],
    "common/evaluate": ["common/formats"],
    "common/formats": ["common/nn", "common/data", "common/metrics"],
    "common/exports": ["common/formats", "common/optim"],
    "common/images": ["common/data"],
    "common/figures": ["common/nn", "common/data", "common/metrics"],
    "common/gallery": ["common/evaluate", "common/figures"],
    "common/launch": ["common/base"],
    "worker/comm": ["common", "proto"],
    "worker/reduce": ["worker/comm"],
    "worker": ["common", "proto"],
    "coordinator": ["common", "proto"],
    "client": ["common", "proto"],
}
# These may include anything of ours; of the others only tests may include tests/.
FREE = ("tests/", "bench/")
OURS = ("common/", "worker/", "coordinator/", "client/", "proto/", "tests/", "bench/")

# Headers of other libraries that only some files may see: (what, pattern, files).
RESERVED = [
    ("OpenBLAS", r"cblas", ["common/kernels/gemm.cc"]),
    ("MPI", r"mpi(-ext)?\.h$", ["worker/comm/mpi_communicator*"]),
    ("gRPC", r"grpc", ["worker/report/*", "coordinator/*", "client/*"]),
    # Below common/formats the description of a network is read in one file, nothing else.
    ("protobuf", r"google/protobuf/|.*\.pb\.h$|common/textproto/",
     ["common/textproto/*", "common/nn/model_spec.cc", "common/formats/*", "common/exports/*", "worker/*", "coordinator/*",
      "client/*"]),
    ("libpng", r"png\.h$", ["common/images/png*"]),
    ("HDF5", r"hdf5\.h$|H5", ["common/exports/hdf5_*"]),
    ("ONNX", r"onnx/", ["common/exports/onnx_*"]),
]

# Exceptions from the table: who may not include what it would allow. The trainer is not to load HDF5 and ONNX on
# every rank, for nothing.
FORBIDDEN = {"worker": "common/exports", "worker/comm": "common/exports", "worker/reduce": "common/exports"}

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


def check(tree: Tree) -> list[Finding]:
    findings = []
    for path in tree.cpp_files():
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if match and not path.startswith(FREE):
                message = _complaint(tree, path, match.group(1), match.group(2))
                if message:
                    findings.append(Finding(path, number, message))
    return findings


def _complaint(tree: Tree, path: str, quote: str, included: str) -> str | None:
    """Returns what is wrong with `path` including `included`, None if nothing is."""
    for library, pattern, allowed in RESERVED:
        if re.match(pattern, included) and not any(fnmatch.fnmatch(path, a) for a in allowed):
            return f"only {', '.join(allowed)} may include {library} ({included})"
    if not included.startswith(OURS):
        beside = str(pathlib.PurePath(path).parent / included)
        if quote == '"' and beside in tree.paths:
            return f"write the path from the project's root: {beside}"
        return None
    if included.startswith(FREE):
        return None if path.endswith("_test.cc") else f"only tests may include {included}"
    return _layer_complaint(path, included)


def _layer_complaint(path: str, included: str) -> str | None:
    source, target = _folder(path), _folder(included)
    if source is None:
        return "this folder is not in the table of tests/lint/includes.py: say there what it may include"
    forbidden = target is not None and target == FORBIDDEN.get(source)
    if target is None or forbidden or not any(_contains(allowed, target) for allowed in _reachable(source)):
        return f"{source} must not include {included}"
    return None


def _folder(path: str) -> str | None:
    """Returns the most exact entry of the table that holds `path`; "proto" for what is generated."""
    if path.startswith("proto/"):
        return "proto"
    holders = [folder for folder in BELOW if path.startswith(folder + "/")]
    return max(holders, key=len, default=None)


def _contains(folder: str, inner: str) -> bool:
    return inner == folder or inner.startswith(folder + "/")


def _reachable(folder: str) -> set[str]:
    """Returns the folder itself and all that is below it, directly or not."""
    found: set[str] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(BELOW.get(current, []))
    return found
