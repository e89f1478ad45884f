"""Catalogues of translations (po/): every text that the programs have is there, no other is, and values stand in it.

What is translated, po/extract.sh finds. Reading is left to gettext's own tools: a catalogue is compiled and read back, the
template likewise, with each text as its own translation.
"""

import gettext
import io
import re
import shutil
import subprocess

from tools import Skipped
from tree import Finding, Tree

EXTRACT = "po/extract.sh"
VALUE = re.compile(r"\$\$|\$\d")


def check(tree: Tree) -> list[Finding]:
    catalogues = [path for path in tree.paths if re.fullmatch(r"po/\w+\.po", path)]
    if not catalogues:
        return []
    if not shutil.which("xgettext"):
        raise Skipped("gettext is not installed")
    template = subprocess.run([tree.root / EXTRACT], check=True, capture_output=True).stdout
    wanted = _read(_run(["msgen", "--output-file=-", "-"], template))
    return [finding for path in catalogues for finding in _check_catalogue(tree, path, wanted)]


def _check_catalogue(tree: Tree, path: str, wanted: dict) -> list[Finding]:
    try:
        _run(["msgfmt", "--check-format", "--output-file=/dev/null", "-"], (tree.root / path).read_bytes())
        there = _read((tree.root / path).read_bytes())
    except subprocess.CalledProcessError as error:
        return [Finding(path, 0, f"msgfmt refuses it: {error.stderr.decode().strip()}")]
    findings = [Finding(path, 0, f"has no translation of {text!r}") for text in wanted.keys() - there.keys()]
    findings += [Finding(path, 0, f"translates {text!r}, which no program says") for text in there.keys() - wanted.keys()]
    for text in wanted.keys() & there.keys():
        for form in there[text]:
            if _values(form) != _values(" ".join(wanted[text])):
                findings.append(Finding(path, 0, f"{form!r} has other values than {text!r}"))
            if form.endswith("\n") != text.endswith("\n"):
                findings.append(Finding(path, 0, f"{form!r} ends in a line, or {text!r} does, and the other does not"))
    return sorted(findings)


def _values(text: str) -> set[str]:
    return set(VALUE.findall(text))


def _run(command: list[str], text: bytes) -> bytes:
    return subprocess.run(command, input=text, check=True, capture_output=True).stdout


def _read(catalogue: bytes) -> dict[str, list[str]]:
    """Returns the forms of each translated text, by its English (singular)."""
    compiled = _run(["msgfmt", "--output-file=-", "-"], catalogue)
    texts: dict[str, list[str]] = {}
    for key, form in gettext.GNUTranslations(io.BytesIO(compiled))._catalog.items():
        text = key[0] if isinstance(key, tuple) else key
        if text:
            texts.setdefault(text, []).append(form)
    return texts
