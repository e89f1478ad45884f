#!/usr/bin/env python3
"""Tests of deploy/get-mnist.sh against a local server, with small files in MNIST's place."""

import contextlib
import fcntl
import gzip
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from file_server import FileServer

SCRIPT = pathlib.Path(__file__).parents[2] / "deploy" / "get-mnist.sh"
NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
FIRST = NAMES[0]
# All that the script may call, beside one of curl and wget.
TOOLS = ["bash", "cat", "flock", "gzip", "mkdir", "mv", "rm", "sed", "sha256sum", "touch"]
CONTENT = {name: random.Random(name).randbytes(50_000) for name in NAMES}
SERVED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENT.items()}
DEAD = "http://127.0.0.1:9/"  # the discard port: nobody listens


class GetMnistCases:
    """The cases, once for each downloader; what unittest finds are the two classes below."""

    downloader = ""

    def setUp(self):
        if not shutil.which(self.downloader):
            self.skipTest(f"{self.downloader} is not installed")
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.dir = self.root / "home" / "mnist"
        self.sums = self.root / "sums"
        self.sums.write_text("".join(f"{hashlib.sha256(CONTENT[n]).hexdigest()}  {n}\n" for n in NAMES))
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for tool in [*TOOLS, self.downloader]:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def enterContext(self, context):  # unittest has its own from Python 3.11 on
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(context)

    def serve(self, files=None, **options) -> FileServer:
        return self.enterContext(FileServer(dict(SERVED if files is None else files), **options))

    def environment(self, *mirrors: str) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.root / "home"),
                "CONVOY_MNIST_MIRRORS": " ".join(mirrors), "CONVOY_MNIST_SHA256SUMS": str(self.sums)}

    def run_script(self, *mirrors: str, directory=None) -> subprocess.CompletedProcess:
        return subprocess.run([str(SCRIPT), str(directory or self.dir)], env=self.environment(*mirrors),
                              capture_output=True, text=True, timeout=60, check=False)

    def succeed(self, *mirrors: str) -> str:
        """Runs the script, which must leave the four files and nothing else; returns what it said."""
        result = self.run_script(*mirrors)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({p.name: gzip.decompress(p.read_bytes()) for p in self.dir.iterdir()},
                         {f"{n}.gz": CONTENT[n] for n in NAMES})
        return result.stderr

    def fail(self, code: int, *mirrors: str) -> str:
        """Runs the script, which must fail with this code and one last line; returns what it said."""
        result = self.run_script(*mirrors)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr.splitlines()[-1], r"^get-mnist\.sh: ")
        return result.stderr

    def names_there(self) -> set[str]:
        return {p.name for p in self.dir.iterdir()} - {".get-mnist.lock"}

    def start_with(self, part: bytes) -> None:
        self.dir.mkdir(parents=True)
        (self.dir / f"{FIRST}.gz.part").write_bytes(part)

    def test_fresh_download_into_a_new_directory(self):
        server = self.serve()
        self.assertIn("4 files downloaded", self.succeed(server.url))
        self.assertEqual(server.requests, [(f"{n}.gz", 0) for n in NAMES])

    def test_second_call_downloads_nothing_and_says_so(self):
        self.succeed(self.serve().url)
        server = self.serve()
        self.assertIn("already", self.succeed(server.url))
        self.assertEqual(server.requests, [])

    def test_only_missing_files_are_fetched(self):
        self.succeed(self.serve().url)
        (self.dir / f"{NAMES[2]}.gz").unlink()
        server = self.serve()
        self.assertIn("1 files downloaded", self.succeed(server.url))
        self.assertEqual(server.requests, [(f"{NAMES[2]}.gz", 0)])

    def test_plain_files_of_either_spelling_count(self):
        self.dir.mkdir(parents=True)
        for i, name in enumerate(NAMES):
            (self.dir / (name if i % 2 else name.replace("-idx", ".idx"))).write_bytes(CONTENT[name])
        result = self.run_script(DEAD)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_broken_connection_is_resumed_by_the_next_call(self):
        cut = self.serve(cut=20_000)
        self.assertIn("run it again to go on", self.fail(1, cut.url))
        self.assertEqual(self.names_there(), {f"{FIRST}.gz.part"})
        server = self.serve()
        self.assertIn("Resuming", self.succeed(server.url))
        self.assertEqual(server.requests[0], (f"{FIRST}.gz", 20_000))

    def test_broken_connection_is_resumed_from_the_next_mirror(self):
        server = self.serve()
        self.succeed(self.serve(cut=20_000).url, server.url)
        self.assertEqual(server.requests[0], (f"{FIRST}.gz", 20_000))

    def test_dead_and_empty_mirrors_are_passed_over(self):
        empty = self.serve(files={})
        self.succeed(DEAD, empty.url, self.serve().url)
        self.assertEqual(len(empty.requests), len(NAMES))

    def test_beginning_survives_dead_and_empty_mirrors(self):
        self.start_with(SERVED[f"{FIRST}.gz"][:1234])
        self.fail(1, DEAD)
        self.assertEqual((self.dir / f"{FIRST}.gz.part").stat().st_size, 1234)
        server = self.serve()
        self.succeed(DEAD, self.serve(files={}).url, server.url)
        self.assertEqual(server.requests[0], (f"{FIRST}.gz", 1234))

    def test_all_mirrors_dead_leaves_no_file(self):
        said = self.fail(1, DEAD, DEAD)
        self.assertIn(f"could not get {FIRST}.gz from any of: {DEAD} {DEAD}", said)
        self.assertEqual(self.names_there(), set())

    def test_corrupt_content_is_deleted_and_the_next_mirror_asked(self):
        damaged = bytearray(SERVED[f"{FIRST}.gz"])
        damaged[30_000] ^= 1
        corrupt = SERVED | {f"{FIRST}.gz": bytes(damaged)}
        self.assertIn("another SHA-256", self.fail(1, self.serve(files=corrupt).url))
        self.assertEqual(self.names_there(), set())
        self.succeed(self.serve(files=corrupt).url, self.serve().url)

    def test_web_page_instead_of_the_file_is_refused(self):
        page = {name: b"<html>Log in to this network</html>" for name in SERVED}
        self.fail(1, self.serve(files=page).url)
        self.assertEqual(self.names_there(), set())

    def test_other_content_under_right_compression_is_refused(self):
        other = {name: gzip.compress(b"other") for name in SERVED}
        self.fail(1, self.serve(files=other).url)
        self.assertEqual(self.names_there(), set())

    def test_beginning_of_other_bytes_is_dropped(self):
        self.start_with(b"x" * 1234)
        self.succeed(self.serve().url)

    def test_beginning_that_is_the_whole_file_is_used(self):
        self.start_with(SERVED[f"{FIRST}.gz"])
        self.succeed(self.serve().url)

    def test_beginning_longer_than_the_file_is_dropped(self):
        self.start_with(b"x" * 100_000)
        self.succeed(self.serve().url)

    def test_server_without_ranges_starts_from_the_beginning(self):
        self.start_with(SERVED[f"{FIRST}.gz"][:1234])
        self.succeed(self.serve(ranges=False).url)

    def test_other_data_in_the_directory_are_left_alone(self):
        self.dir.mkdir(parents=True)
        fashion = self.dir / f"{NAMES[1]}.gz"
        fashion.write_bytes(gzip.compress(b"fashion"))
        said = self.fail(2, self.serve().url)
        self.assertIn(f"{fashion} is there but is not MNIST's", said)
        self.assertEqual(gzip.decompress(fashion.read_bytes()), b"fashion")

    def test_directory_that_cannot_be_made_is_refused(self):
        (self.root / "file").write_text("")
        self.dir = self.root / "file" / "mnist"
        server = self.serve()
        self.assertIn("name another directory", self.fail(2, server.url))
        self.assertEqual(server.requests, [])

    def test_directory_that_cannot_be_written_is_refused(self):
        self.dir = pathlib.Path("/proc/self/net")  # read-only for root too
        self.assertIn("name another directory", self.fail(2, self.serve().url))

    def test_missing_downloader_is_named(self):
        (self.bin / self.downloader).unlink()
        self.assertIn("apt-get install curl", self.fail(2, self.serve().url))

    def test_missing_tool_is_named(self):
        (self.bin / "gzip").unlink()
        self.assertIn("gzip is missing", self.fail(2, self.serve().url))

    def test_second_call_waits_for_the_first(self):
        self.dir.mkdir(parents=True)
        with open(self.dir / ".get-mnist.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = self.serve()
            script = subprocess.Popen([str(SCRIPT), str(self.dir)], env=self.environment(server.url),
                                      stderr=subprocess.PIPE, text=True)
            self.assertIn("Waiting for another", script.stderr.readline())
            for name, content in SERVED.items():  # as the first call does
                (self.dir / name).write_bytes(content)
        _, said = script.communicate(timeout=60)
        self.assertEqual((script.returncode, server.requests), (0, []), said)

    def test_directory_is_the_trainers_unless_named(self):
        result = subprocess.run([str(SCRIPT)], env=self.environment(self.serve().url), capture_output=True,
                                text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        there = {p.name for p in (self.root / "home/.cache/convoy/mnist").iterdir()}
        self.assertEqual(there, set(SERVED))

    def test_wrong_usage_is_refused(self):
        for arguments in (["--unknown"], ["one", "two"]):
            result = subprocess.run([str(SCRIPT), *arguments], env=self.environment(DEAD), capture_output=True,
                                    text=True, timeout=60, check=False)
            self.assertEqual(result.returncode, 2, result.stderr)

    def test_help_goes_to_standard_output(self):
        result = subprocess.run([str(SCRIPT), "--help"], env=self.environment(DEAD), capture_output=True,
                                text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0)
        self.assertIn("Usage: deploy/get-mnist.sh [DIR]", result.stdout)

    def test_real_mnist(self):
        source = os.environ.get("CONVOY_DATA")
        if not source:
            self.skipTest("CONVOY_DATA is not set")
        files = {}
        for name in NAMES:
            path = pathlib.Path(source, f"{name}.gz")
            files[f"{name}.gz"] = path.read_bytes() if path.exists() else gzip.compress(path.with_suffix("").read_bytes())
        environment = self.environment(self.serve(files=files).url)
        del environment["CONVOY_MNIST_SHA256SUMS"]
        result = subprocess.run([str(SCRIPT), str(self.dir)], env=environment, capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.names_there(), set(files))


class WithCurl(GetMnistCases, unittest.TestCase):
    downloader = "curl"


class WithWget(GetMnistCases, unittest.TestCase):
    downloader = "wget"


if __name__ == "__main__":
    if not shutil.which("curl") and not shutil.which("wget"):
        print("skipped: neither curl nor wget is installed")
        sys.exit(77)
    unittest.main(verbosity=2)  # names what it skips
