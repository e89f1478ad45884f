#!/usr/bin/env python3
"""A run that is broken off at any place and taken up again ends in the bits of one that was not."""
import itertools
import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True

import datasets
import harness
from harness import DONE, Run, TIMEOUT, USAGE

# 320 images: 256 to train on, 16 steps an epoch.
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16]
TWO_EPOCHS = [*RECIPE, "--epochs", 2]


class BrokenOffTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.broken = Run(self.directory / "broken")

    def resume(self, *flags, **where):
        return self.train(*TWO_EPOCHS, "--resume", *flags, run=self.broken, **where)

    def assert_nothing_lost(self):
        self.assertEqual(self.broken.bits(), self.train(*TWO_EPOCHS).bits())
        self.assertEqual(self.broken.temporary_files(), [])
        self.assertEqual(self.broken.summary()["state"], "succeeded")

    def die_at(self, failpoint, *flags, **where):
        """Trains until the failpoint kills it."""
        outcome = self.run_trainer("--run-dir", self.broken.path, *TWO_EPOCHS, *flags,
                                   env={"CONVOY_FAILPOINT": failpoint}, **where)
        self.assertIn(outcome.code, (-signal.SIGKILL, 128 + signal.SIGKILL), outcome)

    def test_killed_at_random_moments(self):
        moments = random.Random(1)
        flags = ["--run-dir", self.broken.path, *TWO_EPOCHS, "--resume", "--checkpoint-every", 1]
        kills, deadline = 0, time.monotonic() + TIMEOUT
        while kills < 6:
            self.assertLess(time.monotonic(), deadline)
            process = self.start(*flags, ranks=(0, 2)[kills % 2])
            time.sleep(moments.uniform(0, 0.3))
            if kills % 3 != 0:  # otherwise before training, too
                self.await_progress(process)
            process.kill_all()
            process.wait()
            kills += 1
        self.resume(ranks=3)
        self.assert_nothing_lost()

    def await_progress(self, process):
        """Waits for a new checkpoint, or for the end."""
        before = self.broken.checkpoints()[-1:]
        while process.is_running() and self.broken.checkpoints()[-1:] == before:
            time.sleep(harness.POLL_SECONDS)

    def test_one_rank_killed_ends_all(self):
        hold = self.hold(before_step=5)
        process = self.start("--run-dir", self.broken.path, *TWO_EPOCHS, "--checkpoint-every", 1, ranks=3, env=hold.env)
        self.await_checkpoint(process, self.broken, count=2)
        os.kill(process.ranks()[1], signal.SIGKILL)
        hold.let_go()
        outcome = process.wait()
        self.assertNotIn(outcome.code, (DONE, harness.STOPPED), outcome)
        self.resume()
        self.assert_nothing_lost()

    def test_killed_while_a_checkpoint_is_written(self):
        self.die_at("before_rename:3:step-", "--checkpoint-every", 5)
        self.assertEqual([path.name for path in self.broken.checkpoints()],
                         ["step-000000005.convoy", "step-000000010.convoy"])
        self.assertGreaterEqual(len(self.broken.temporary_files()), 1)
        self.resume(ranks=2)
        self.assert_nothing_lost()

    def test_killed_between_rename_and_the_rest(self):
        self.die_at("after_rename:3:step-", "--checkpoint-every", 5, ranks=2)
        self.assertEqual(self.broken.position(), (0, 15))
        self.resume()
        self.assert_nothing_lost()

    def test_killed_before_old_checkpoints_are_removed(self):
        self.die_at("before_prune:3:step-", "--checkpoint-every", 5, "--keep-checkpoints", 1)
        self.assertEqual(len(self.broken.checkpoints()), 2)
        self.resume("--keep-checkpoints", 1)
        self.assertEqual(len(self.broken.checkpoints()), 1)
        self.assert_nothing_lost()

    def test_killed_while_results_are_written(self):
        for number, place in enumerate(("before_rename:1:model.convoy", "after_rename:1:model.convoy",
                                        "before_rename:1:history.csv", "after_rename:3:summary.json")):
            with self.subTest(place):
                self.broken = Run(self.directory / f"broken-{number}")
                self.die_at(place)
                self.resume()
                self.assert_nothing_lost()

    def test_stopped_at_the_last_step_of_an_epoch(self):
        # An epoch has one step, so wherever the stop comes, it is after the last one and before the
        # validation.
        recipe = [*harness.data_flags(), "--train-limit", 40, "--epochs", 60]
        run = Run(self.directory / "run")
        _, step = self.stop(run, *recipe)
        self.assertEqual(step, 1)
        self.train(*recipe, "--resume", run=run, ranks=2)
        self.assertEqual(run.bits(), self.train(*recipe).bits())

    def test_stop_requested_before_the_first_step(self):
        outcome = self.run_trainer("--run-dir", self.broken.path, *TWO_EPOCHS,
                                   env=harness.signal_before_step(1, signal.SIGINT))
        self.assertEqual(outcome.code, harness.STOPPED, outcome)
        self.assertEqual(self.broken.summary()["state"], "stopped")
        self.resume("--local-ranks", 2)
        self.assert_nothing_lost()


class DamageTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.whole = self.train(*RECIPE, "--epochs", 2, "--checkpoint-every", 4)

    def damage(self, run, change):
        newest = run.checkpoints()[-1]
        newest.write_bytes(change(newest.read_bytes()))
        return newest

    def test_damaged_checkpoints_are_skipped_with_a_word(self):
        damages = {
            "cut short": lambda data: data[: len(data) // 2],
            "empty": lambda data: b"",
            "a bit flipped": lambda data: data[:9999] + bytes([data[9999] ^ 4]) + data[10000:],
            "another file": lambda data: b"hello\n",
        }
        bits = self.whole.bits()
        for name, change in damages.items():
            with self.subTest(name):
                newest = self.damage(self.whole, change)
                outcome = self.run_trainer("--run-dir", self.whole.path, *RECIPE, "--epochs", 2, "--resume")
                self.assertEqual(outcome.code, DONE, outcome)
                lines = outcome.trainer_lines()
                self.assertEqual(len(lines), 1, outcome)
                self.assertIn(f"trainer: note: {newest}", lines[0])
                self.assertEqual(self.whole.bits(), bits)

    def test_all_damaged_starts_afresh(self):
        for checkpoint in self.whole.checkpoints():
            checkpoint.write_bytes(b"")
        bits = self.train(*RECIPE, "--epochs", 2).bits()
        self.train(*RECIPE, "--epochs", 2, "--resume", run=self.whole, ranks=2)
        self.assertEqual(self.whole.bits(), bits)

    def test_checkpoint_of_a_newer_format_is_refused(self):
        def newer(data):
            version = harness.convoy_file.VERSION + 1
            header = data[:8] + version.to_bytes(4, "little") + data[12:60]
            return header + harness.convoy_file.zlib.crc32(header).to_bytes(4, "little") + data[64:]

        newest = self.damage(self.whole, newer)
        for ranks in (0, 2):
            outcome = self.run_trainer("--run-dir", self.whole.path, *RECIPE, "--resume", "--epochs", 3,
                                       ranks=ranks)
            self.assert_refused(outcome, USAGE, str(newest), "newer")


class ResumeTest(harness.TrainerTest):
    def test_without_a_checkpoint_starts_afresh(self):
        bits = self.train(*RECIPE, "--epochs", 1).bits()
        self.assertEqual(self.train(*RECIPE, "--epochs", 1, "--resume").bits(), bits)
        empty = Run(self.directory / "empty")
        empty.path.mkdir()
        self.train(*RECIPE, "--epochs", 1, "--resume", run=empty, ranks=2)
        self.assertEqual(empty.bits(), bits)

    def test_finished_run_is_left_as_it_is(self):
        run = self.train(*RECIPE, "--epochs", 1)
        before = self.state_of(run)
        for ranks in (0, 2):
            outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--epochs", 1, "--resume", ranks=ranks)
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertEqual(outcome.out.strip(), f"{run.path}: this run is finished; its results are there")
            self.assertEqual(self.state_of(run), before)

    @staticmethod
    def state_of(run):
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in run.path.rglob("*")}

    def test_more_epochs_go_on_to_the_bits_of_a_longer_run(self):
        run = self.train(*RECIPE, "--epochs", 1)
        self.train(*RECIPE, "--epochs", 3, "--resume", run=run, ranks=2)
        self.assertEqual(run.bits(), self.train(*RECIPE, "--epochs", 3).bits())
        self.assertEqual(len(run.history()["loss"]), 3)

    def test_only_epochs_and_machine_settings_may_be_left_out_or_given(self):
        run = self.train(*RECIPE, "--epochs", 1)
        bits = self.train(*RECIPE, "--epochs", 2).bits()
        self.train(*harness.data_flags(), "--epochs", 2, "--resume", run=run)
        self.assertEqual(run.bits(), bits)

    def test_another_recipe_is_refused(self):
        run = self.train(*RECIPE, "--epochs", 2)
        before = self.state_of(run)
        for flag, value in [("--epochs", 1), ("--seed", 7), ("--model", "lenet5"), ("--batch-size", 32),
                            ("--micro-batch", 8), ("--validation-split", 0.5), ("--train-limit", 300),
                            ("--optimizer", "sgd"), ("--learning-rate", 0.01), ("--reduce", "mpi"),
                            ("--exchange", "bfloat16")]:
            for ranks in (0, 2):
                with self.subTest(flag=flag, ranks=ranks):
                    outcome = self.run_trainer("--run-dir", run.path, *harness.data_flags(), "--resume",
                                               flag, value, ranks=ranks)
                    self.assert_refused(outcome, USAGE, flag)
        self.assertEqual(self.state_of(run), before)

    def test_other_data_or_kernels_are_refused(self):
        run = self.train(*RECIPE, "--epochs", 1)
        before = self.state_of(run)
        more = ["--resume", "--epochs", 2]
        outcome = self.run_trainer("--run-dir", run.path, "--data", datasets.directory(400), *more)
        self.assert_refused(outcome, USAGE, "--data")
        for isa, ranks in itertools.product(harness.isas()[1:], (0, 2)):
            with self.subTest(isa=isa, ranks=ranks):
                outcome = self.run_trainer("--run-dir", run.path, *harness.data_flags(), *more,
                                           "--isa", isa, ranks=ranks)
                self.assert_refused(outcome, USAGE, "--isa")
        self.assertEqual(self.state_of(run), before)

    def test_kernels_of_the_checkpoint_may_be_asked_for(self):
        # As on a machine with a better instruction set than the one where the run was started.
        # OpenBLAS's own choice, which another processor would make otherwise, must not matter.
        for core in (None, "Haswell", "Cooperlake"):
            with self.subTest(core=core):
                env = {"OPENBLAS_CORETYPE": core} if core else {}
                run = self.train(*RECIPE, "--epochs", 1, env=env)
                isa = run.summary()["isa"]
                self.train(*harness.data_flags(), "--epochs", 2, "--resume", "--isa", isa, run=run)
                self.assertEqual(run.bits(), self.train(*RECIPE, "--epochs", 2).bits())


if __name__ == "__main__":
    harness.main()
