#!/usr/bin/env python3
"""Chaos: whatever is done to the processes and files of a supervised training, it ends by itself with the undisturbed
bits.

    chaos_test.py [--disturbances N] [--seed S]

Trains short runs on 3 ranks under `convoy run`, disturbs each several times at random moments, and goes on with 1, 2,
3 or 5 ranks whenever the supervisor was stopped. A coordinator hears of all of it, and is killed, too. A training is held before its end until all its disturbances are
done, so that none comes too late, however fast or slow the machine is; each must show (a restart that the supervisor
tells of, or its own end), or the test fails. The seed makes the order of disturbances the same again, not the moments.
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import time

sys.dont_write_bytecode = True

import coordinators
import harness
import supervised
from harness import DONE, STOPPED

RECIPE = [*harness.data_flags(4000), "--train-limit", 4000, "--batch-size", 16, "--epochs", 4, "--checkpoint-every", 40]
PATIENCE = 4  # seconds, with a process that was stopped; a busy machine may keep one waiting
arguments = None


class Disturbed:
    """One supervised training under disturbances."""

    def __init__(self, test, run, rng, coordinator):
        self.test, self.run, self.rng, self.coordinator = test, run, rng, coordinator
        self.hold = test.hold(at="before_end")
        self.full_disk = test.directory / "full"
        self.stop_at = test.directory / "stop_at"
        self.ranks = 3
        self.process = None
        self.start()

    def start(self):
        env = {**self.hold.env, "CONVOY_HANG_SECONDS": str(PATIENCE), "CONVOY_FAILPOINT_FULL_DISK": str(self.full_disk),
               "CONVOY_FAILPOINT_STOP": str(self.stop_at)}
        self.process = supervised.start(self.test, self.run, *RECIPE, "--coordinator", self.coordinator.address,
                                        np=self.ranks, env=env)

    def restarts(self):
        try:
            return sum(json.loads(line)["kind"] == "restarted"
                       for line in (self.run.path / "events.jsonl").read_text().splitlines())
        except FileNotFoundError:
            return 0

    def wait_until(self, what, condition):
        deadline = time.monotonic() + harness.TIMEOUT
        while not (found := condition()):
            if not self.process.is_running():
                self.test.fail(f"waiting for {what}, the supervisor has ended: {self.process.wait()}")
            self.test.assertLess(time.monotonic(), deadline, f"{what}: not in time")
            time.sleep(0.02)
        return found

    def await_end(self):
        """Of a supervisor that ends; another number of ranks goes on, once what that one has left is gone: who kills
        one of those sees no restart."""
        outcome = self.process.wait()
        left = set(supervised.marked(self.run))
        self.ranks = self.rng.choice((1, 2, 3, 5))
        self.start()
        self.wait_until("the end of what was left", lambda: not left & set(supervised.marked(self.run)))
        return outcome

    def a_process(self, of_rank):
        """A process of the training, as soon as there is one: any rank's, or mpirun."""
        def find():
            found = sorted(supervised.marked(self.run).items())
            pids = [pid for pid, rank in found if self.ranks == 1 or bool(rank) == of_rank]
            return self.rng.choice(pids) if pids else None
        return self.wait_until("a process", find)

    def strike(self, of_rank, number):
        """Sends a signal to a process, which may just have ended with the start before: then to another. Returns once
        the supervisor has told that it started the training again."""
        def once():
            try:
                os.kill(self.a_process(of_rank), number)
                return True
            except ProcessLookupError:
                return False
        before = self.restarts()
        self.wait_until("a victim", once)
        self.wait_until("the restart", lambda: self.restarts() > before)

    # The disturbances.

    def rank_killed(self):
        self.strike(True, signal.SIGKILL)

    def mpirun_killed(self):
        self.strike(False, signal.SIGKILL)

    def rank_stopped(self):
        self.strike(True, signal.SIGSTOP)

    def mpirun_stopped(self):
        self.strike(False, signal.SIGSTOP)

    def stopped_in_phase(self, failpoint):
        """Stops a rank for good where it comes to the failpoint, on its way from the beginning."""
        before = self.restarts()
        self.begin_anew(f"{failpoint}:rank-{self.rng.randrange(self.ranks)}")
        self.wait_until(f"a rank stopped at {failpoint}", lambda: not self.stop_at.exists())
        self.wait_until("the restart after that", lambda: self.restarts() > before + 1)

    def begin_anew(self, stop_at):
        """Kills all ranks when there are no checkpoints, so that none writes one meanwhile or stops there."""
        self.a_process(True)
        for pid in supervised.marked(self.run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        for checkpoint in self.run.checkpoints():
            checkpoint.unlink()
        self.stop_at.write_text(stop_at)
        for pid, rank in supervised.marked(self.run).items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if rank or self.ranks == 1 else signal.SIGCONT)

    def stopped_at_start(self):
        self.stopped_in_phase("after_start")

    def stopped_in_validation(self):
        self.stopped_in_phase("before_validation")

    def stopped_in_checkpoint(self):
        self.stopped_in_phase("before_checkpoint")

    def stopped_at_end(self):
        self.stopped_in_phase("before_end")

    def coordinator_killed(self):
        """It comes back at once or, with a rank killed meanwhile, a while later."""
        self.coordinator.kill()
        if self.rng.random() < 0.5:
            self.rank_killed()
            time.sleep(self.rng.uniform(0, 1))
        self.coordinator.start()

    def supervisor_killed(self):
        self.process.signal(signal.SIGKILL)
        self.await_end()

    def supervisor_killed_with_rank_stopped(self):
        try:
            os.kill(self.a_process(True), signal.SIGSTOP)
        except ProcessLookupError:
            pass
        self.supervisor_killed()

    def asked_to_stop(self):
        """Twice where the training is held, which cannot come to its checkpoint. Before it has started anything a
        supervisor may not hear yet."""
        self.a_process(True)
        self.process.signal(signal.SIGTERM)
        time.sleep(0.6)
        self.process.signal(signal.SIGTERM)
        self.test.assertIn(self.await_end().code, (STOPPED, harness.FAILED))

    def newest_checkpoint_damaged(self):
        checkpoints = self.run.checkpoints()
        if checkpoints:
            content = bytearray(checkpoints[-1].read_bytes())
            if self.rng.random() < 0.5:
                content = content[:self.rng.randrange(len(content))]
            else:
                content[self.rng.randrange(len(content))] ^= 0x40
            checkpoints[-1].write_bytes(content)
        self.rank_killed()

    def disk_full_for_a_while(self):
        """A rank is killed, and starts may fail for it. What the supervisor did it can only tell afterwards."""
        before = self.restarts()
        victim = self.a_process(True)
        self.full_disk.touch()
        with contextlib.suppress(ProcessLookupError):  # if it had just ended, the next start fails for the disk
            os.kill(victim, signal.SIGKILL)
        time.sleep(self.rng.uniform(0, 2))
        self.full_disk.unlink()
        self.wait_until("the restart", lambda: self.restarts() > before)

    KINDS = (rank_killed, rank_killed, mpirun_killed, rank_stopped, mpirun_stopped, supervisor_killed,
             supervisor_killed_with_rank_stopped, asked_to_stop, newest_checkpoint_damaged, disk_full_for_a_while,
             stopped_at_start, stopped_in_validation, stopped_in_checkpoint, stopped_at_end, coordinator_killed)

    def disturb(self):
        """One of them, at a random moment; returns its name."""
        time.sleep(self.rng.uniform(0, 1.5))
        if not self.process.is_running():
            self.test.fail(f"the training has ended before its disturbance: {self.process.wait()}")
        kind = self.rng.choice(self.KINDS)
        kind(self)
        return kind.__name__

    def finish(self):
        self.hold.let_go()
        return self.process.wait()


class ChaosTest(harness.TrainerTest):
    def test_every_run_ends_by_itself_with_the_undisturbed_bits(self):
        whole = self.train(*RECIPE).bits()
        coordinator = coordinators.Coordinator(self).start()
        rng = random.Random(arguments.seed)
        counts = collections.Counter()
        started = time.monotonic()
        runs = 0
        while sum(counts.values()) < arguments.disturbances:
            run = harness.Run(self.directory / f"chaos-{runs}")
            disturbed = Disturbed(self, run, rng, coordinator)
            for _ in range(min(rng.randrange(2, 5), arguments.disturbances - sum(counts.values()))):
                counts[disturbed.disturb()] += 1
            outcome = disturbed.finish()
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertEqual(run.bits(), whole, f"seed {arguments.seed}, run {runs}")
            supervised.assert_nothing_left(self, run)
            self.assert_told(coordinator, run, whole)
            runs += 1
            print(f"{runs} runs, {sum(counts.values())} disturbances, {time.monotonic() - started:.0f} s", flush=True)
            supervised.remove(run)
        self.assertEqual(sum(counts.values()), arguments.disturbances)
        for name, count in sorted(counts.items()):
            print(f"{count:5d} {name.replace('_', ' ')}")

    def assert_told(self, coordinator, run, whole):
        """The coordinator knows the end, and has the last model."""
        succeeded = coordinators.messages("convoy/v1/job").Job.SUCCEEDED
        job = coordinator.await_job(f"jobs/{run.path.name}", lambda job: job.state == succeeded and job.model)
        self.assertEqual(job.weights_sha256, whole["weights_sha256"])
        self.assertEqual(job.completed_epochs, job.epochs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--disturbances", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments, sys.argv[1:] = parser.parse_known_args()
    pathlib.Path(harness.TRAINER).exists() or sys.exit("build the trainer first")
    harness.main()
