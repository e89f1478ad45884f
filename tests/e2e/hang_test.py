#!/usr/bin/env python3
"""A rank that hangs is named, in whatever phase, and the job ends by itself and goes on to the same bits."""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

import harness
from harness import Run, TRAINER

RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--epochs", 2]
HUNG = 77
PATIENCE = 2


class HangTest(harness.TrainerTest):
    def hang(self, run, failpoint, rank, wish=None):
        """Stops a rank for good (SIGSTOP) at a failpoint; returns the outcome."""
        env = {"CONVOY_FAILPOINT": f"{failpoint}:rank-{rank}", "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSTOP)),
               "CONVOY_HANG_SECONDS": str(PATIENCE)}
        process = self.start("--run-dir", run.path, *RECIPE, "--resume", "--checkpoint-every", 4, ranks=3, env=env)
        if wish is not None:
            self.await_stopped_rank(process)
            process.signal(wish)
        return process.wait(timeout=60)

    def await_stopped_rank(self, process):
        deadline = time.monotonic() + harness.TIMEOUT
        while not any(harness.is_stopped(rank) for rank in process.ranks()):
            self.assertTrue(process.is_running(), "ended before a rank was stopped")
            self.assertLess(time.monotonic(), deadline, "no rank was stopped in time")
            time.sleep(harness.POLL_SECONDS)

    def test_stopped_rank_is_named_in_each_phase(self):
        whole = self.train(*RECIPE).bits()
        for rank in (0, 2):
            for failpoint, place in (("before_step:6", "step 6"), ("before_validation:1", "validation after step 16"),
                                     ("before_end:1", "the end")):
                with self.subTest(place, rank=rank):
                    run = Run(self.directory / f"run-{rank}-{place.split()[-1]}-{place.split()[0]}")
                    outcome = self.hang(run, failpoint, rank)
                    self.assertEqual(outcome.code, HUNG, outcome)
                    named = [line for line in outcome.trainer_lines() if f"rank {rank} on " in line]
                    self.assertEqual(len(named), 1, outcome)
                    self.assertIn(f"has not come to the {place}".replace("the the", "the").replace("the step", "step"),
                                  named[0])
                    self.assertIn("its process does not run", named[0])
                    self.assertIn(named[0].split("error: ")[1], (run.path / "log.txt").read_text())
                    self.train(*RECIPE, "--resume", run=run, ranks=2)
                    self.assertEqual(run.bits(), whole)

    def test_wish_to_stop_does_not_wait_for_a_rank_that_hangs(self):
        run = Run(self.directory / "run")
        outcome = self.hang(run, "before_step:9", 1, wish=signal.SIGUSR1)
        self.assertEqual(outcome.code, HUNG, outcome)


class StartTest(harness.TrainerTest):
    def test_trainer_whose_start_is_over_changes_no_file(self):
        """As one on a frozen host that wakes up after `convoy run` has gone on elsewhere."""
        run = Run(self.directory / "run")
        hold = self.hold(before_step=9)
        process = self.start("--run-dir", run.path, *RECIPE, "--checkpoint-every", 4,
                             env={**hold.env, "CONVOY_START": "first"})
        self.await_checkpoint(process, run, count=2)
        (run.path / ".start").write_text("second")
        time.sleep(0.2)  # what was being written
        before = self.content(run)
        hold.let_go()
        outcome = process.wait()
        self.assertEqual(outcome.code, HUNG, outcome)
        self.assertEqual(self.content(run), before)

    @staticmethod
    def content(run):
        """All files but temporary ones."""
        return {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path.suffix != ".tmp"}


class ProcessesTest(harness.TrainerTest):
    def test_signals_of_a_login_that_ends_stop_with_a_checkpoint(self):
        for number in (signal.SIGHUP, signal.SIGUSR2):
            with self.subTest(number):
                run = Run(self.directory / f"run-{int(number)}")
                self.stop(run, *RECIPE, number=number)

    def test_nohup_trains_on(self):
        outcome = self.run_trainer("nohup", TRAINER, *RECIPE, program="/usr/bin/env",
                                   env=harness.signal_before_step(5, signal.SIGHUP))
        self.assertEqual(outcome.code, harness.DONE, outcome)

    def test_reader_that_goes_away_does_not_end_the_training(self):
        run = Run(self.directory / "run")
        command = " ".join(map(str, [TRAINER, "--run-dir", run.path, *RECIPE]))
        code = subprocess.run(["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"], check=False,
                              capture_output=True, env=harness.environment(self.scratch, {})).returncode
        self.assertEqual(code, harness.DONE)
        self.assertEqual(run.summary()["state"], "succeeded")

    def test_closed_descriptors_harm_no_file(self):
        run = Run(self.directory / "run")
        command = " ".join(map(str, [TRAINER, "--run-dir", run.path, *RECIPE]))
        code = subprocess.run(["bash", "-c", f"exec {command} <&- >&- 2>&-"], check=False,
                              env=harness.environment(self.scratch, {})).returncode
        self.assertEqual(code, harness.DONE)
        self.assertEqual((run.path / ".lock").stat().st_size, 0)

    def test_second_wish_ends_at_once(self):
        hold = self.hold(before_step=5)
        run = Run(self.directory / "run")
        process = self.start("--run-dir", run.path, *RECIPE, "--checkpoint-every", 1, "--keep-checkpoints", 9,
                             env=hold.env)
        self.await_checkpoint(process, run, count=4)  # it comes to the place where it is held now
        process.signal(signal.SIGTERM)
        time.sleep(0.7)
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20).code, -signal.SIGTERM)

    def test_dying_rank_leaves_last_words(self):
        run = Run(self.directory / "run")
        outcome = self.run_trainer("--run-dir", run.path, *RECIPE, ranks=2,
                                   env={"CONVOY_FAILPOINT": "before_step:5:rank-1",
                                        "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSEGV))})
        self.assertNotEqual(outcome.code, 0)
        self.assertRegex((run.path / "last_words.1").read_text(), "rank 1 on .*: died of SIGSEGV")
        self.assertIn("died of SIGSEGV", outcome.err)

    def test_tasks_of_srun_that_know_nothing_of_one_another_are_refused(self):
        outcome = self.run_trainer(*RECIPE, env={"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"})
        self.assert_refused(outcome, harness.USAGE, "srun", "--mpi=pmix")

    def test_srun_pty_in_a_larger_allocation_trains_alone(self):
        self.train(*RECIPE, env={"SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "4", "PMIX_RANK": "0"})

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount")
    def test_small_shared_memory_is_enough(self):
        # A container's /dev/shm: 1 MB, where Open MPI's own segments go elsewhere.
        run = Run(self.directory / "run")
        command = ["unshare", "-m", "bash", "-c",
                   f"mount -t tmpfs -o size=1m tmpfs /dev/shm && mkdir -p {self.directory}/mpi && exec mpirun -np 2 " +
                   " ".join(map(str, [TRAINER, "--run-dir", run.path, *RECIPE]))]
        kept = {**harness.environment(self.directory, {})}
        outcome = subprocess.run(command, check=False, capture_output=True, env=kept, timeout=60)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertEqual(run.bits(), self.train(*RECIPE).bits())


if __name__ == "__main__":
    harness.main()
