#!/usr/bin/env python3
"""Run directories that cannot be used, disks that are full, training that diverges."""
import os
import resource
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

import numpy as np

import harness
from harness import DONE, FAILED, Run, USAGE, convoy_file

NOBODY = 65534
# 320 images: 256 to train on, 16 steps an epoch.
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--epochs", 2]


class RunDirectoryTest(harness.TrainerTest):
    def refuse(self, run, *words, **where):
        outcome = self.run_trainer("--run-dir", run, *RECIPE, **where)
        self.assert_refused(outcome, USAGE, "--run-dir", str(run), *words)

    def test_existing_one_is_refused_before_anything_is_read(self):
        run = self.directory / "run"
        run.mkdir()
        for ranks in (0, 1, 2, 3):
            self.refuse(run, "--resume", ranks=ranks)
        self.assertEqual(list(run.iterdir()), [])
        # Not even the data, which takes seconds.
        outcome = self.run_trainer("--run-dir", run, "--data", self.directory / "nowhere")
        self.assert_refused(outcome, USAGE, "--run-dir", "--resume")

    def test_one_that_cannot_be_written(self):
        (self.directory / "file").write_text("")
        for ranks in (0, 2, 3):
            self.refuse(self.directory / "file" / "run", ranks=ranks)
        self.refuse(self.directory / "file", "--resume")
        self.refuse(self.directory / ("x" * 300))

    def test_file_in_its_place(self):
        (self.directory / "file").write_text("")
        outcome = self.run_trainer("--run-dir", self.directory / "file", *RECIPE, "--resume")
        self.assert_refused(outcome, USAGE, "--run-dir", str(self.directory / "file"))

    def test_without_permission(self):
        self.directory.chmod(0o755)
        locked = self.directory / "locked"
        locked.mkdir()
        locked.chmod(0o555)
        # root may write everywhere
        who = {"user": NOBODY} if os.geteuid() == 0 else {}
        if who:
            harness.data_flags()[1].chmod(0o755)
        self.refuse(locked / "run", "Permission denied", **who)

    def test_another_trainer_is_at_work_there(self):
        run = Run(self.directory / "run")
        hold = self.hold(before_step=17)
        process = self.start("--run-dir", run.path, *RECIPE, env=hold.env)
        self.await_checkpoint(process, run)
        for ranks in (0, 2):
            outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--resume", ranks=ranks)
            self.assert_refused(outcome, USAGE, "--run-dir", str(run.path), "another trainer")
        self.assertTrue(process.is_running())
        hold.let_go()
        self.assertEqual(process.wait().code, DONE)

    def test_default_one_is_new_each_time(self):
        for _ in range(2):
            self.assertEqual(self.run_trainer(*RECIPE).code, DONE)
        runs = [Run(path) for path in (self.directory / "runs").iterdir()]
        self.assertEqual(len(runs), 2)
        self.assertEqual(runs[0].bits(), runs[1].bits())


class FullDiskTest(harness.TrainerTest):
    def assert_failed(self, outcome, run, *words):
        """It failed with one line, nothing half written, and the checkpoints that are there whole."""
        self.assert_refused(outcome, FAILED, *words)
        self.assertEqual(run.temporary_files(), [])
        self.assertEqual(run.summary()["state"], "failed")
        self.assertIn(words[0], run.summary()["error"])
        for checkpoint in run.checkpoints():
            convoy_file.Container(checkpoint.read_bytes())

    def test_full_file_system(self):
        disk = self.directory / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=7m", "tmpfs", disk],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting needs root; test_files_that_may_not_grow is the same without")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        for ranks in (0, 2, 3):
            with self.subTest(ranks=ranks):
                run = Run(disk / "run")  # for two checkpoints of 2.7 MB
                outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--checkpoint-every", 2,
                                           "--keep-checkpoints", 9, ranks=ranks)
                try:
                    self.assert_failed(outcome, run, "No space left", str(run.path))
                    self.assertEqual(len(run.checkpoints()), 2)
                finally:
                    shutil.rmtree(run.path)

    def test_files_that_may_not_grow(self):
        for flags in ([], ["--local-ranks", 3]):
            with self.subTest(flags=flags):
                run = Run(self.directory / f"run-{len(flags)}")
                outcome = self.run_trainer("--run-dir", run.path, *RECIPE, *flags, preexec_fn=forbid_large_files)
                self.assert_failed(outcome, run, "File too large", "step-000000016.convoy")

    def test_run_goes_on_when_there_is_room_again(self):
        run = self.train(*RECIPE)
        bits = run.bits()
        run.checkpoints()[-1].unlink()
        outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--resume", preexec_fn=forbid_large_files)
        self.assert_failed(outcome, run, "File too large")
        self.assertEqual(run.position(), (1, 0))
        self.train(*RECIPE, "--resume", run=run)
        self.assertEqual(run.bits(), bits)


def forbid_large_files():
    """A model of 0.9 MB may be written, a checkpoint of 2.7 MB may not."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


class NotFiniteTest(harness.TrainerTest):
    def check(self, *flags, **where):
        run = Run(self.directory / "run")
        outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--checkpoint-every", 1, *flags, **where)
        self.assert_refused(outcome, FAILED, "step ", "not finite")
        summary = run.summary()
        self.assertEqual(summary["state"], "failed")
        self.assertIn(summary["error"], outcome.err)
        failed_step = int(summary["error"].split("step ")[1].split(" ")[0])
        checkpoints = run.checkpoints()
        if failed_step > 1:
            self.assertEqual(checkpoints[-1].name, f"step-{failed_step - 1:09d}.convoy")
            tensors = convoy_file.read_tensors(convoy_file.Container(checkpoints[-1].read_bytes()))
            self.assertTrue(all(np.isfinite(array).all() for _, _, array in tensors))
        self.assertFalse((run.path / "model.convoy").exists())
        shutil.rmtree(run.path)
        return outcome

    def test_learning_rate_far_too_large(self):
        for reduce in ("exact", "mpi"):
            for ranks in (0, 2, 3):
                with self.subTest(reduce=reduce, ranks=ranks):
                    self.check("--optimizer", "sgd", "--learning-rate", "1e30", "--reduce", reduce, ranks=ranks)

    def test_update_that_overflows(self):
        for reduce in ("exact", "mpi"):
            for flags in (["--optimizer", "sgd"], ["--optimizer", "sgd", "--momentum", 0.9], []):
                with self.subTest(reduce=reduce, flags=flags):
                    self.check("--learning-rate", "3.3e38", "--reduce", reduce, *flags)

    def test_resumed_run_fails_the_same_way(self):
        flags = ["--run-dir", self.directory / "run", *RECIPE, "--optimizer", "sgd", "--learning-rate", "1e30",
                 "--checkpoint-every", 1]
        first = self.run_trainer(*flags)
        again = self.run_trainer(*flags, "--resume", ranks=2)
        self.assert_refused(again, FAILED, "not finite")
        self.assertEqual(first.err, "\n".join(again.trainer_lines()) + "\n")


if __name__ == "__main__":
    harness.main()
