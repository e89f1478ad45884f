#!/usr/bin/env python3
"""Runs the commands of README and docs as they stand there, and follows their links.

A block of commands begins with ```sh, and the comment before it says whether it is tested:

    <!-- tested -->                    runs in a new copy of the clone and must succeed
    <!-- tested: continues -->         likewise, where the block before it ended
    <!-- tested: exit code 2 -->       its last command must end with this code
    <!-- not tested: the reason -->

A block ```text after it shows some lines of its output; "..." in a line stands for anything.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import datasets
import harness

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md")])
# How many blocks of each page are tested: a block that gets lost is missed here.
TESTED_BLOCKS = {"README.md": 2, "docs/convoy.md": 4, "docs/design_your_own_network.md": 3, "docs/errors.md": 2,
                 "docs/exports.md": 1, "docs/first_hour.md": 7, "docs/guide/en.md": 11, "docs/guide/fr.md": 11,
                 "docs/guide/pictures.en.md": 7, "docs/guide/pictures.fr.md": 7, "docs/models.md": 3, "docs/python.md": 1,
                 "docs/recipes.md": 1, "docs/reliability.md": 1, "docs/run_directory.md": 2}
NOT_THE_CLONES = (".git", "build", "runs", "data")  # but whoever works in it
TIMEOUT = 300  # seconds a block: far more than any takes, on a busy machine too

FENCE = re.compile(r"^```(\w*)$")
COMMENT = re.compile(r"^<!-- (.*) -->$")
MARK = re.compile(r"tested(?:: (?:(?P<continues>continues)|exit code (?P<code>\d+)))?$|not tested: .+")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


class Block:
    """Commands, how the page says they end, and lines of their output that it shows."""

    def __init__(self, line, mark):
        self.line, self.mark, self.commands, self.shown = line, mark, "", []
        match = MARK.match(mark)
        self.is_marked = match is not None
        self.is_tested = self.is_marked and not mark.startswith("not")
        self.continues = self.is_tested and bool(match["continues"])
        self.code = int(match["code"] or 0) if self.is_tested else 0


def read_blocks(text):
    """Returns the page's blocks of commands."""
    blocks, before, inside = [], "", None
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if inside is not None:
            if fence:
                inside, before = None, "```"
            elif inside == "sh":
                blocks[-1].commands += line + "\n"
            elif inside == "shown":
                blocks[-1].shown.append(line.strip())
        elif fence:
            inside = fence[1] or "other"
            if inside == "sh":
                comment = COMMENT.match(before)
                blocks.append(Block(number, comment[1] if comment else ""))
            elif inside == "text":
                inside = "shown" if blocks else "other"
        elif line.strip():
            before = line.strip()
    return blocks


def make_clone(directory):
    """Fills a directory with what a built clone has, as links."""
    for entry in ROOT.iterdir():
        if entry.name not in NOT_THE_CLONES:
            (directory / entry.name).symlink_to(entry)
    programs = directory / "build" / "release"
    programs.mkdir(parents=True)
    (programs / "bin").symlink_to(harness.TRAINER.resolve().parent)


def files_of_the_clone():
    """The files of the clone itself, each with its last change."""
    folders = [entry for entry in ROOT.iterdir() if entry.name not in NOT_THE_CLONES]
    files = [path for folder in folders for path in [folder, *folder.rglob("*")] if "__pycache__" not in path.parts]
    return {path: path.stat().st_mtime_ns for path in files if path.is_file()}


def shows(line, output):
    """Whether a line of the output is the given one, in which "..." stands for anything."""
    pattern = ".*".join(re.escape(part) for part in line.split("..."))
    return any(re.fullmatch(pattern, written.strip()) for written in output.splitlines())


def complaints(block, directory, environment):
    """Runs a block; returns what is wrong with it, "" if nothing is."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block.commands], cwd=directory, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=TIMEOUT, check=False)
    if done.returncode != block.code:
        return f"exit code {done.returncode}, not {block.code}:\n{block.commands}{done.stdout}"
    missing = [line for line in block.shown if not shows(line, done.stdout)]
    return f"the output has no line {missing}:\n{done.stdout}" if missing else ""


class PageTest(unittest.TestCase):
    """Runs the blocks of a page."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="convoy-docs.")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.environment = harness.environment(self.scratch, {"CONVOY_DATA": str(datasets.directory())})
        self.clones = 0

    def new_clone(self):
        self.clones += 1
        directory = self.scratch / f"clone{self.clones}"
        directory.mkdir()
        make_clone(directory)
        return directory

    def run_page(self, text):
        """Runs the tested blocks; returns their number and what is wrong, a text each."""
        wrong, tested, directory = [], 0, None
        for block in read_blocks(text):
            if not block.is_marked:
                wrong.append(f"line {block.line}: say before the block whether it is tested")
            if not block.is_tested:
                continue
            tested += 1
            directory = directory if block.continues else self.new_clone()
            wrong += [f"line {block.line}: {what}" for what in [complaints(block, directory, self.environment)] if what]
        return tested, wrong


class DocsTest(PageTest):
    def test_commands_do_what_the_pages_say(self):
        tested, before = {}, files_of_the_clone()
        for page in PAGES:
            name = str(page.relative_to(ROOT))
            with self.subTest(name):
                count, wrong = self.run_page(page.read_text(encoding="utf-8"))
                tested.update({name: count} if count else {})
                self.assertEqual(wrong, [])
        self.assertEqual(tested, TESTED_BLOCKS)
        # Through its links a page might write into the clone.
        self.assertEqual(files_of_the_clone(), before)

    def test_links_lead_somewhere(self):
        followed = 0
        for page in PAGES:
            for target in LINK.findall(page.read_text(encoding="utf-8")):
                if "://" not in target:
                    followed += 1
                    self.assertTrue((page.parent / target).exists(), f"{page}: {target}")
        self.assertGreater(followed, 30)

    def test_readme_names_every_page(self):
        targets = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
        for page in [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md")]:
            self.assertIn(str(page.relative_to(ROOT)), targets)


class SelfTest(PageTest):
    """Every way for a page to be wrong is found."""

    def expect(self, text, *wrong):
        found = self.run_page(text)[1]
        self.assertEqual(len(found), len(wrong), found)
        for part, what in zip(wrong, found):
            self.assertIn(part, what)

    def test_right_page(self):
        self.expect("<!-- tested -->\n```sh\nbuild/release/bin/trainer --version >v\n```\n\n"
                    "<!-- tested: continues -->\n```sh\ncat v\n```\n\n```text\nconvoy trainer ...\n```\n")

    def test_commands_that_fail(self):
        self.expect("<!-- tested -->\n```sh\nfalse\ntrue\n```\n", "exit code 1, not 0")
        self.expect("<!-- tested -->\n```sh\nfalse | true\n```\n", "exit code 1, not 0")
        self.expect("<!-- tested: exit code 2 -->\n```sh\ntrue\n```\n", "exit code 0, not 2")
        self.expect("<!-- tested -->\n```sh\ntouch x\n```\n<!-- tested -->\n```sh\ntest -e x\n```\n", "exit code 1")

    def test_output_that_is_another(self):
        self.expect("<!-- tested -->\n```sh\necho one two\n```\n```text\none\n```\n", "no line ['one']")
        self.expect("<!-- tested -->\n```sh\necho one two\n```\n```text\none ...\n```\n")

    def test_block_without_a_mark(self):
        self.expect("```sh\ntrue\n```\n", "line 1: say before")
        self.expect("<!-- tested: well -->\n```sh\ntrue\n```\n", "line 2: say before")
        self.expect("<!-- not tested: for a reason -->\n```sh\nfalse\n```\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
