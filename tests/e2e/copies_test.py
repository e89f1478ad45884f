#!/usr/bin/env python3
"""Checkpoints on a second host: each also goes there, and a run goes on from the newest, wherever it lies. Likewise the
data that only the first has.

The hosts are directories: each rank works in one of its own, and believes that it is alone on its host.
"""
import os
import pathlib
import shutil
import sys
import time

sys.dont_write_bytecode = True

import datasets
import harness
from harness import DONE, Run, USAGE

SHIM = pathlib.Path(os.environ.get("CONVOY_FAILING_MPI",
                                   harness.ROOT / "build" / "release" / "tests" / "libfailing_mpi.so"))
RECIPE = ["--train-limit", 320, "--batch-size", 16, "--epochs", 2, "--checkpoint-every", 4]
DATA = harness.data_flags()
HAS_OWN = ["--data", "data"]  # below each host's directory, where it is there
ENV = {"CONVOY_TEST_APART": "1"}


class CopiesTest(harness.TrainerTest):
    def on(self, *hosts, data=DATA, env=None, resume=True):
        """Trains with a rank on each of the hosts, in `run` of each."""
        words = []
        for host in hosts:
            (self.directory / host).mkdir(exist_ok=True)
            # mpirun itself is not to be loaded with the failing MPI.
            passed = [word for name in (f"LD_PRELOAD={SHIM}", *ENV, *(env or {})) for word in ("-x", name)]
            words += [":", "-np", 1, *passed, "-wdir", self.directory / host, harness.TRAINER, "--run-dir", "run",
                      *RECIPE, *data, "--verbose", 0, *(["--resume"] if resume else [])]
        return self.start(*words[1:], program="mpirun", env={**ENV, **(env or {})})

    def run_on(self, host):
        return Run(self.directory / host / "run")

    def log(self, host):
        return (self.run_on(host).path / "log.txt").read_text()

    def killed_after_checkpoint(self, step, *hosts, before_hit):
        """A training on the hosts, all of it killed when the second has the copy of the first one's checkpoint of
        this step; it is held there."""
        hold = self.hold(before_hit)
        process = self.on(*hosts, env=hold.env)
        name = f"step-{step:09d}.convoy"
        deadline = time.monotonic() + harness.TIMEOUT
        while name not in [path.name for path in self.run_on(hosts[1]).checkpoints()]:
            self.assertTrue(process.is_running(), "ended before its checkpoint")
            self.assertLess(time.monotonic(), deadline, "no copy in time")
            time.sleep(harness.POLL_SECONDS)
        process.kill_all()
        process.wait()
        hold.let_go()
        files = [self.run_on(host).path / "checkpoints" / name for host in hosts]
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_loss_of_either_host_loses_nothing(self):
        whole = self.train(*RECIPE, *DATA).bits()
        self.killed_after_checkpoint(12, "a", "b", before_hit=14)
        self.assertIn("copies of the checkpoints are kept on ", self.log("a"))
        # The host with rank 0 is lost, another comes: the second has what is needed.
        shutil.rmtree(self.directory / "a")
        self.killed_after_checkpoint(16, "b", "c", before_hit=6)
        self.assertRegex(self.log("b"), "go on: 2 ranks")
        # A host that has nothing any more is brought what the other has.
        shutil.rmtree(self.run_on("b").path / "checkpoints")
        outcome = self.on("b", "c").wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertRegex(self.log("b"), "the checkpoint of step 16 came from ")
        self.assertEqual(self.run_on("b").bits(), whole)
        self.assertEqual(self.run_on("c").checkpoints()[-1].read_bytes(),
                         self.run_on("b").checkpoints()[-1].read_bytes())

    def test_data_of_a_lost_host_are_on_the_second(self):
        shutil.copytree(datasets.directory(), self.directory / "a" / "data")
        whole = self.train(*RECIPE, *DATA).bits()
        hold = self.hold(14)
        process = self.on("a", "b", data=HAS_OWN, env=hold.env)
        self.await_file(process, "b", "data.copy")
        self.await_file(process, "b", "checkpoints/step-000000012.convoy")
        process.kill_all()
        process.wait()
        hold.let_go()
        shutil.rmtree(self.directory / "a")
        # The second has what is needed; the next gets a copy in turn, of what only the second has now.
        hold = self.hold(6)
        process = self.on("b", "c", data=HAS_OWN, env=hold.env)
        self.await_file(process, "c", "data.copy")
        self.assertEqual((self.run_on("b").path / "data.copy").read_bytes()[-1000:],
                         (self.run_on("c").path / "data.copy").read_bytes()[-1000:])
        self.assertIn("the data are those of run/data.copy, a copy of data", self.log("b"))
        process.kill_all()
        process.wait()
        hold.let_go()
        # A host that has none any more is brought the other's.
        (self.run_on("b").path / "data.copy").unlink()
        outcome = self.on("b", "c", data=HAS_OWN).wait()
        self.assertIn("a copy of the data came from ", outcome.err)
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertEqual(self.run_on("b").bits(), whole)
        # It is done: nobody needs them any more.
        for host in ("b", "c"):
            self.assertFalse((self.run_on(host).path / "data.copy").exists())

    def test_data_that_the_second_host_has_are_not_copied(self):
        for host in ("a", "b"):
            shutil.copytree(datasets.directory(), self.directory / host / "data")
        outcome = self.on("a", "b", data=HAS_OWN, resume=False).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertNotIn("copy of the data", outcome.err)

    def await_file(self, process, host, name):
        deadline = time.monotonic() + harness.TIMEOUT
        while not (self.run_on(host).path / name).exists():
            self.assertTrue(process.is_running(), f"ended before {name}")
            self.assertLess(time.monotonic(), deadline, f"no {name} in time")
            time.sleep(harness.POLL_SECONDS)

    def test_directory_of_another_run_is_left_alone(self):
        other = self.directory / "b" / "run"
        other.mkdir(parents=True)
        (other / "summary.json").write_text("{}")
        outcome = self.on("a", "b", resume=False).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertRegex(outcome.err, "no copies of checkpoints are kept: rank 1: run on .* is of another run")
        self.assertEqual([path.name for path in other.iterdir()], ["summary.json"])
        # Nor is it gone on with, where the supervisor says which run is meant.
        (other / "run_id").write_text("0" * 32)
        outcome = self.on("b", "a", env={"CONVOY_RUN_ID": "1" * 32}).wait()
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertIn("--run-dir: run on ", outcome.err)


if __name__ == "__main__":
    harness.main()
