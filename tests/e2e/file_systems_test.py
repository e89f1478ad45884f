#!/usr/bin/env python3
"""File systems that lack an operation: another way, or a refusal that says what is missing."""
import os
import pathlib
import sqlite3
import stat
import sys

sys.dont_write_bytecode = True

import harness
from coordinators import COORDINATOR, Coordinator
from harness import DONE, Run, USAGE

SHIM = pathlib.Path(os.environ.get("CONVOY_POOR_FILE_SYSTEM",
                                   harness.ROOT / "build" / "release" / "tests" / "libpoor_file_system.so"))
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--micro-batch", 8, "--epochs", 1]


def lacking(*what):
    return {"LD_PRELOAD": str(SHIM), "CONVOY_TEST_LACKS": ",".join(what)}


class FileSystemsTest(harness.TrainerTest):
    def coordinator(self, *what):
        coordinator = Coordinator(self, *harness.data_flags())
        coordinator._started(self.start(*coordinator.command(), program=COORDINATOR, env=lacking(*what)))
        return coordinator

    def train(self, *flags, what=()):
        run = Run(self.directory / "lesson")
        outcome = self.start("--run-dir", run.path, *RECIPE, *flags, env=lacking(*what) if what else None).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        return outcome

    def test_store_on_a_network_does_without_a_write_ahead_log(self):
        coordinator = self.coordinator("local", "sync")
        self.train("--coordinator", coordinator.address)
        self.assertEqual(coordinator.job("jobs/lesson").model, "models/lesson")
        names = {path.name for path in coordinator.store.iterdir()}
        self.assertLessEqual(names, {"coordinator.sqlite", "coordinator.sqlite-journal", "lock", "models"})
        self.assertEqual(coordinator.stop().code, DONE)
        with sqlite3.connect(coordinator.store / "coordinator.sqlite") as database:
            self.assertEqual(database.execute("PRAGMA journal_mode").fetchone()[0], "delete")
        coordinator = self.coordinator()  # the disk is a local one again: so is the journal
        self.assertTrue((coordinator.store / "coordinator.sqlite-wal").exists())
        self.assertEqual(coordinator.job("jobs/lesson").model, "models/lesson")

    def test_store_without_locks_is_refused(self):
        coordinator = Coordinator(self, *harness.data_flags())
        outcome = self.start(*coordinator.command(), program=COORDINATOR, env=lacking("flock")).wait()
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertEqual(len(outcome.err.splitlines()), 1, outcome)
        self.assertIn("--store", outcome.err)
        self.assertIn("no locks", outcome.err)
        self.assertNotIn("another coordinator", outcome.err)

    def test_training_goes_on_without_locks_and_says_so(self):
        self.train(what=["flock", "sync"])
        self.assertIn("no lock keeps a second trainer out", (self.directory / "lesson" / "log.txt").read_text())

    def test_what_is_for_its_owner_is_closed(self):
        coordinator = self.coordinator()
        self.train("--coordinator", coordinator.address)
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in
                 [coordinator.store, *coordinator.store.iterdir(),
                  *(self.directory / "lesson" / name for name in ("run_id", "run_key", ".lock"))]}
        for path, mode in modes.items():
            self.assertEqual(mode & 0o077, 0, f"{path} has {mode:o}")


if __name__ == "__main__":
    harness.main()
