"""No name of a machine in the project: no paths of somebody's computer, no hosts but known ones."""

import re

from tree import Finding, Tree

# Hosts that the project may name. A new one is added here, on purpose; package registries and mirrors
# never are: a machine's own configuration knows those.
KNOWN_HOSTS = {
    "127.0.0.1", "localhost",
    "storage.googleapis.com", "ossci-datasets.s3.amazonaws.com",  # public mirrors of MNIST
    "github.com", "git-lfs.github.com", "arxiv.org", "google.github.io", "gcc.gnu.org", "doi.org", "keras.io", "tensorflow.org", "www.tensorflow.org",
    "pytorch.org", "onnx.ai", "www.w3.org", "json-schema.org", "spdx.org",
    "keepachangelog.com", "semver.org", "connectrpc.com", "www.open-mpi.org", "docs.open-mpi.org", "slurm.schedmd.com",
}
PRIVATE_NETWORKS = ("10.", "192.168.")
KNOWN_ENDINGS = (".example.org", ".example.com", ".example")

URL_HOST = re.compile(r"\b[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?([a-zA-Z0-9.-]+\.[a-zA-Z0-9.-]*[a-zA-Z0-9])")
BARE_HOST = re.compile(r"(?<![\w./-])((?:[a-zA-Z0-9-]+\.)+(?:com|org))\b(?![\w(-])")
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:work|root|home)/[\w.-]+")


def check(tree: Tree) -> list[Finding]:
    findings = []
    for path in tree.paths:
        for number, line in tree.lines(path):
            hosts = {match.group(1) for pattern in (URL_HOST, BARE_HOST) for match in pattern.finditer(line)}
            findings += [Finding(path, number, f"unknown host {host} (tests/lint/names.py has the known ones)")
                         for host in sorted(hosts) if not _is_known(host.lower())]
            findings += [Finding(path, number, f"path of one machine: {match.group(0)}")
                         for match in MACHINE_PATH.finditer(line)]
    return findings


def _is_known(host: str) -> bool:
    return host in KNOWN_HOSTS or host.startswith(PRIVATE_NETWORKS) or ("." + host).endswith(KNOWN_ENDINGS)
