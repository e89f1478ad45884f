#!/usr/bin/env python3
"""Tests of the scripts in deploy/ and of tests/support/mpirun.sh that need neither network nor root."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IDX_NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
             "t10k-labels-idx1-ubyte"]


def run(*command, **environment):
    """Runs a command of the project with more environment; returns what it did."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment}, timeout=60)


def run_with_lib(script, **environment):
    """Runs shell text that sees the functions of deploy/lib.sh."""
    return run("bash", "-c", f"set -euo pipefail; source {ROOT}/deploy/lib.sh; {script}", **environment)


class UsageTest(unittest.TestCase):
    """Wrong use gets one line that says what is wrong, and exit code 2."""

    def expect_refused(self, done, *parts):
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def write(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".hosts")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def test_help(self):
        for name in ["install", "check", "quickstart", "bundle", "lab/run", "make-certs"]:
            for flag in "-h", "--help":
                done = run(ROOT / f"deploy/{name}.sh", flag)
                self.assertEqual((done.returncode, done.stderr), (0, ""), name)
                self.assertIn(f"Usage: deploy/{name}.sh", done.stdout)
                self.assertNotIn("set -euo", done.stdout)

    def test_install(self):
        self.expect_refused(run(ROOT / "deploy/install.sh", "--nonsense"), "--list")

    def test_check(self):
        self.expect_refused(run(ROOT / "deploy/check.sh", "lint"), "ctest --preset release -R NAME")

    def test_quickstart(self):
        self.expect_refused(run(ROOT / "deploy/quickstart.sh", CONVOY_RANKS="two"), "CONVOY_RANKS=two")

    def test_quickstart_knows_its_own_users_coordinator(self):
        script = (ROOT / "deploy/quickstart.sh").read_text()
        function = script[script.index("coordinator_is_ours() {"):script.index("# Starts a coordinator on")]
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            asked = ["bash", "-c", f"HTTP_ADDRESS=127.0.0.1:{listening.getsockname()[1]}\n{function}\ncoordinator_is_ours"]
            self.assertEqual(subprocess.run(asked).returncode, 0)
            if os.geteuid() == 0:
                another = ["setpriv", "--reuid", "65534", *asked]
                self.assertEqual(subprocess.run(another).returncode, 1)
        self.assertEqual(subprocess.run(asked).returncode, 1)

    def test_mpirun(self):
        for arguments in [], ["2"], ["0", "true"], ["x", "true"]:
            self.expect_refused(run(ROOT / "tests/support/mpirun.sh", *arguments), "RANKS PROGRAM")

    def test_make_certs(self):
        script = ROOT / "deploy/make-certs.sh"
        self.expect_refused(run(script, "certs"), "usage")
        with tempfile.TemporaryDirectory() as directory:
            certs = pathlib.Path(directory) / "certs"
            self.assertEqual(run(script, certs, "lab.example", "10.0.0.1").returncode, 0)
            for name in "server", "client":
                verify = ["openssl", "verify", "-CAfile", certs / "ca.pem", certs / f"{name}.pem"]
                self.assertEqual(subprocess.run(verify, capture_output=True).returncode, 0)
                self.assertEqual((certs / f"{name}.key").stat().st_mode & 0o077, 0)
            shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", certs / "server.pem"],
                                   capture_output=True, text=True).stdout
            self.assertIn("DNS:lab.example, IP Address:10.0.0.1", shown)
            self.expect_refused(run(script, certs, "lab.example"), "is there already")

    def test_lab(self):
        script = ROOT / "deploy/lab/run.sh"
        self.expect_refused(run(script), "usage")
        self.expect_refused(run(script, "/nowhere/hosts"), "/nowhere/hosts")
        self.expect_refused(run(script, self.write("# nobody\n\n")), "names no host")
        self.expect_refused(run(script, self.write("one slots=1\ntwo slots=0\n")), ":2:", "'0' is no number of ranks")
        self.expect_refused(run(script, self.write("one; rm -rf x\n")), ":1:")
        self.expect_refused(run(script, self.write("one\none\n")), "named twice")
        self.expect_refused(run(script, self.write("one\n"), "--epochs", "2"), "--epochs", "after --")
        self.expect_refused(run(script, self.write("one\n"), "--network"), "needs a value")
        self.expect_refused(run(script, self.write("one\n"), "--network", "eth0"), "eth0", "192.168.1.0/24")


class InstallTest(unittest.TestCase):
    def test_nothing_is_missing_here(self):
        """Tests run after deploy/install.sh, or where somebody has installed all by hand."""
        done = run(ROOT / "deploy/install.sh", "--list")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done)

    def test_second_call_is_silent_and_asks_nobody(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("apt-get", "apt-cache", "sudo"):
                (stub := pathlib.Path(folder, name)).write_text(f"#!/bin/sh\necho {name} >> {folder}/calls\nexit 1\n")
                stub.chmod(0o755)
            done = run(ROOT / "deploy/install.sh", PATH=f"{folder}:{os.environ['PATH']}")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            self.assertFalse(pathlib.Path(folder, "calls").exists())


class FindMnistTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.cache = self.home / ".cache/convoy/mnist"
        self.cache.mkdir(parents=True)
        for name in IDX_NAMES:
            (self.cache / name).touch()

    def find(self, **environment):
        done = run_with_lib(f"CONVOY_ROOT={self.home}/clone; find_mnist", HOME=str(self.home),
                            CONVOY_DATA=environment.get("data", ""))
        return done.stdout.strip() if done.returncode == 0 else None

    def test_cache(self):
        self.assertEqual(self.find(), str(self.cache))

    def test_one_file_is_not_enough(self):
        (self.cache / IDX_NAMES[2]).unlink()
        self.assertIsNone(self.find())

    def test_named_directory_is_taken_as_it_is(self):
        self.assertEqual(self.find(data="/nowhere"), "/nowhere")

    def test_clone_comes_before_cache(self):
        clone = self.home / "clone/data/mnist"
        clone.mkdir(parents=True)
        for name in IDX_NAMES:
            (clone / name).touch()
        self.assertEqual(self.find(), str(clone))


class StoppableTest(unittest.TestCase):
    """Signals to a script that trains stop the training with its own exit code."""

    TRAINER = "trap 'exit 75' USR1; trap 'exit 143' TERM; echo ready; while :; do sleep 0.05; done"

    def start(self):
        text = f"source {ROOT}/deploy/lib.sh; code=0; stoppable bash -c \"$1\" || code=$?; echo \"by=$stopped_by\"; exit $code"
        script = subprocess.Popen(["bash", "-c", text, "bash", self.TRAINER], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(script.stdout.close)
        self.addCleanup(script.kill)
        self.assertEqual(script.stdout.readline(), "ready\n")
        return script

    def test_signals_become_sigusr1(self):
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1:
            with self.subTest(number=number):
                script = self.start()
                script.send_signal(number)
                self.assertEqual(script.communicate(timeout=20)[0], f"by={number.name[3:]}\n")
                self.assertEqual(script.returncode, 75)

    def test_second_signal_ends_at_once(self):
        self.TRAINER = self.TRAINER.replace("exit 75", "echo stopping")
        script = self.start()
        script.send_signal(signal.SIGTERM)
        self.assertEqual(script.stdout.readline(), "stopping\n")
        script.send_signal(signal.SIGTERM)
        script.communicate(timeout=20)
        self.assertEqual(script.returncode, 143)

    def test_exit_code_is_passed_on(self):
        self.assertEqual(run_with_lib("stoppable bash -c 'exit 76'").returncode, 76)


class MpirunTest(unittest.TestCase):
    SCRIPT = ROOT / "tests/support/mpirun.sh"

    def test_exit_code_is_passed_on(self):
        self.assertEqual(run(self.SCRIPT, 2, "bash", "-c", "exit 7").returncode, 7)
        self.assertEqual(run(self.SCRIPT, 3, "true").returncode, 0)

    def test_every_rank_runs(self):
        done = run(self.SCRIPT, 4, "bash", "-c", "echo rank $OMPI_COMM_WORLD_RANK")
        self.assertEqual(sorted(done.stdout.splitlines()), [f"rank {rank}" for rank in range(4)])

    def test_hang_ends_with_the_time_out_and_leaves_no_files(self):
        done = run(self.SCRIPT, 2, "bash", "-c", "echo $OMPI_MCA_orte_tmpdir_base; sleep 600",
                   CONVOY_MPIRUN_TIMEOUT="2")
        self.assertEqual(done.returncode, 124, done)
        self.assertIn("time-out", done.stderr)
        scratch = done.stdout.splitlines()[0]
        self.assertTrue(scratch.startswith("/"), done)
        self.assertFalse(os.path.exists(scratch))


if __name__ == "__main__":
    unittest.main()
