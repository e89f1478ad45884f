#!/usr/bin/env python3
"""convoy run: whatever dies or hangs, the training goes on by itself to the undisturbed bits."""
import json
import os
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True

import coordinators
import harness
import supervised
from harness import CONVOY, DONE, FAILED, Run, STOPPED, USAGE

# 16 steps an epoch.
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--epochs", 2]


class RunTest(harness.TrainerTest):
    whole = None

    def setUp(self):
        super().setUp()
        self.run_ = Run(self.directory / "supervised")

    def supervise(self, *flags, run=None, **options):
        return supervised.start(self, run or self.run_, *RECIPE, *flags, **options)

    def assert_undisturbed(self, outcome, run=None):
        self.assertEqual(outcome.code, DONE, outcome)
        if RunTest.whole is None:
            RunTest.whole = self.train(*RECIPE).bits()
        self.assertEqual((run or self.run_).bits(), RunTest.whole)
        supervised.assert_nothing_left(self, run or self.run_)

    def events(self):
        return [json.loads(line) for line in (self.run_.path / "events.jsonl").read_text().splitlines()]

    def held(self, before_step=9, **options):
        """A supervised training that is held, its last checkpoint written just before."""
        hold = self.hold(before_step)
        process = self.supervise("--checkpoint-every", 4, env=hold.env, **options)
        self.await_checkpoint(process, self.run_, count=(before_step - 1) // 4)
        return hold, process

    def pid_of(self, rank):
        found = [pid for pid, its_rank in supervised.marked(self.run_).items() if its_rank == rank]
        self.assertEqual(len(found), 1, f"rank {rank}")
        return found[0]

    def test_ranks_that_are_killed_again_and_again(self):
        for rank in (0, 2):
            run = Run(self.directory / f"rank-{rank}")
            # Each start that has so many steps left dies before the 25th.
            outcome = self.supervise("--checkpoint-every", 4, run=run,
                                     env={"CONVOY_FAILPOINT": f"before_step:25:rank-{rank}"}).wait()
            self.assert_undisturbed(outcome, run)
            self.assertRegex(outcome.err, rf"convoy: note: rank {rank} on \S+ was killed by SIGKILL.*"
                                          r"; starting again from (step \d+|the beginning)\n")
            self.assertNotIn("mpirun noticed", outcome.err)
            self.assertIn("mpirun noticed", (run.path / "launcher.log").read_text())
            self.assertIn("; starting again from ", (run.path / "log.txt").read_text())
            self.assertIn('"kind":"restarted"', (run.path / "events.jsonl").read_text())

    def test_events_are_shown(self):
        hold, process = self.held(np=1)
        os.kill(self.pid_of(""), signal.SIGKILL)
        hold.let_go()
        self.assert_undisturbed(process.wait())
        self.assertEqual([event["kind"] for event in self.events()], ["restarted"])
        told = json.loads(self.start("status", self.run_.path, "--json", program=CONVOY).wait().out)
        self.assertEqual([(event["type"], event["severity"]) for event in told["events"]],
                         [("restarted", "warning")])
        self.assertIn("was killed by SIGKILL", self.start("status", self.run_.path, program=CONVOY).wait().out)

    def test_full_disk_is_waited_for_and_loses_no_event(self):
        full = self.directory / "full"
        hold = self.hold(before_step=9)
        process = self.supervise("--checkpoint-every", 4, env={**hold.env, "CONVOY_FAILPOINT_FULL_DISK": str(full)})
        self.await_checkpoint(process, self.run_, count=2)
        full.touch()
        os.kill(self.pid_of("1"), signal.SIGKILL)
        process.await_shown(b"No space left on device; starting again", where="err")
        full.unlink()
        hold.let_go()
        self.assert_undisturbed(process.wait())
        self.assertIn("was killed by SIGKILL", self.events()[0]["message"])
        self.assertIn("No space left on device", self.events()[1]["message"])

    def test_events_reach_the_coordinator(self):
        coordinator = coordinators.Coordinator(self).start()
        hold, process = self.held(options=("--coordinator", coordinator.address))
        coordinator.await_job("jobs/supervised", lambda job: True)
        os.kill(self.pid_of("1"), signal.SIGKILL)
        hold.let_go()
        self.assert_undisturbed(process.wait())
        job = coordinator.job("jobs/supervised")
        types = coordinators.messages("convoy/v1/job").Event
        self.assertEqual([types.Type.Name(event.type) for event in job.events],
                         ["STARTED", "RESTARTED", "RESUMED", "SUCCEEDED"])
        self.assertEqual([event.message for event in job.events][1], self.events()[0]["message"])

    def test_giving_up_reaches_the_coordinator_at_once(self):
        coordinator = coordinators.Coordinator(self).start()
        outcome = self.supervise(np=2, options=("--coordinator", coordinator.address), env={
            "CONVOY_FAILPOINT": "before_validation:1:rank-1", "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSEGV))}).wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        job = coordinator.job("jobs/supervised")
        messages = coordinators.messages("convoy/v1/job")
        self.assertEqual(messages.Job.State.Name(job.state), "FAILED")
        self.assertIn("died of SIGSEGV", job.error)
        types = [messages.Event.Type.Name(event.type) for event in job.events]
        self.assertEqual([types.count(name) for name in ("RESTARTED", "GAVE_UP", "FAILED")], [1, 1, 1])

    def test_killed_mpirun(self):
        hold, process = self.held()
        os.kill(self.pid_of(""), signal.SIGKILL)
        hold.let_go()
        outcome = process.wait()
        self.assertIn("mpirun was killed by SIGKILL", outcome.err)
        self.assert_undisturbed(outcome)

    def test_killed_supervisor_is_started_again(self):
        hold, process = self.held()
        orphan = self.pid_of("1")
        os.kill(orphan, signal.SIGSTOP)  # so that it does not notice
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        hold.let_go()
        outcome = self.supervise(np=2).wait()
        self.assert_undisturbed(outcome)
        self.assertIn("go on: 2 ranks", (self.run_.path / "log.txt").read_text())

    def test_rank_that_is_stopped(self):
        outcome = self.supervise("--checkpoint-every", 4, env={
            "CONVOY_FAILPOINT": "before_step:13:rank-1", "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSTOP)),
            "CONVOY_HANG_SECONDS": "4"}).wait()
        self.assertRegex(outcome.err, "note: rank 1 on .* has not come to step .*its process does not run.*; starting")
        self.assert_undisturbed(outcome)

    def test_mpirun_that_is_stopped(self):
        hold = self.hold(at="before_end")  # where ranks have more patience than the supervisor with mpirun
        process = self.supervise(env={**hold.env, "CONVOY_HANG_SECONDS": "2"})
        self.await_checkpoint(process, self.run_, count=2)
        os.kill(self.pid_of(""), signal.SIGSTOP)
        hold.let_go()
        outcome = process.wait()
        self.assertRegex(outcome.err, r"process \d+ was stopped \(SIGSTOP\)")
        self.assert_undisturbed(outcome)

    def test_what_the_recipe_leads_to_is_given_up_at_once(self):
        outcome = self.supervise("--learning-rate", "1e30", np=2).wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertRegex(outcome.err, "^convoy: error: ABORTED: step .* not finite; gave up: data, recipe and seed")
        self.assertEqual([event["kind"] for event in self.events()], ["gave_up"])
        self.assertEqual(self.run_.summary()["state"], "failed")

    def test_crash_at_the_same_step_is_given_up(self):
        outcome = self.supervise(np=2, env={"CONVOY_FAILPOINT": "before_validation:1:rank-1",
                                            "CONVOY_FAILPOINT_SIGNAL": str(int(signal.SIGSEGV))}).wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertEqual([event["kind"] for event in self.events()], ["restarted", "gave_up"])
        self.assertRegex(outcome.err, "rank 1 on .*: died of SIGSEGV; gave up: it failed 2 times without a newer")
        summary = self.run_.summary()
        self.assertEqual(summary["state"], "failed")
        self.assertIn("died of SIGSEGV", summary["error"])

    def test_restarts_are_limited(self):
        outcome = self.supervise("--checkpoint-every", 4, np=1, options=["--max-restarts", 1],
                                 env={"CONVOY_FAILPOINT": "before_step:9"}).wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertIn("it was started again 1 times, no more", outcome.err)

    def test_wrong_input_is_one_line_and_leaves_nothing(self):
        for np in (1, 2):
            outcome = self.supervise("--bach-size", 3, np=np).wait()
            self.assertEqual(outcome.code, USAGE, outcome)
            self.assertRegex(outcome.err, r"^trainer: error: unknown flag '--bach-size'[^\n]*\n$")
            self.assertFalse(self.run_.path.exists())

    def test_checkpoint_of_another_kernel_family_is_one_line(self):
        for isa in harness.isas()[1:]:
            run = Run(self.directory / isa)
            self.train(*RECIPE[:-1], 1, "--isa", isa, run=run)  # of two epochs the first
            outcome = self.supervise("--resume", run=run, np=2).wait()
            self.assertEqual(outcome.code, USAGE, outcome)
            self.assertRegex(outcome.err, rf"^trainer: error: [^\n]*was computed with {isa} kernels[^\n]*--isa[^\n]*\n$")
            self.assertEqual(self.supervise("--resume", "--isa", isa, run=run, np=2).wait().code, DONE)

    def test_stop_with_a_checkpoint_and_go_on(self):
        hold, process = self.held()
        process.signal(signal.SIGINT)
        process.await_shown(b"stopping with a checkpoint", where="err")
        hold.let_go()
        outcome = process.wait()
        self.assertEqual(outcome.code, STOPPED, outcome)
        self.assertEqual(self.run_.summary()["state"], "stopped")
        self.assert_undisturbed(self.supervise(np=1).wait())

    def test_second_wish_ends_at_once(self):
        hold, process = self.held()
        process.signal(signal.SIGINT)
        process.await_shown(b"stopping with a checkpoint", where="err")
        time.sleep(0.6)  # what comes sooner is the same wish
        process.signal(signal.SIGTERM)
        outcome = process.wait()
        self.assertEqual(outcome.code, STOPPED, outcome)
        self.assertIn("goes on from step ", outcome.err)
        hold.let_go()
        self.assert_undisturbed(self.supervise(np=2).wait())

    def test_one_at_a_time(self):
        hold, process = self.held()
        second = self.supervise(np=1).wait()
        self.assertEqual(second.code, USAGE, second)
        self.assertRegex(second.err, "^convoy: error: --run-dir: another convoy run is at work in [^\n]*\n$")
        hold.let_go()
        self.assert_undisturbed(process.wait())

    def test_trainer_of_others_is_left_alone(self):
        hold = self.hold(before_step=9)
        trainer = self.start("--run-dir", self.run_.path, *RECIPE, "--checkpoint-every", 4, env=hold.env)
        self.await_checkpoint(trainer, self.run_, count=2)
        for flags, word in (((), "--resume"), (("--resume",), "is at work in")):
            outcome = self.supervise(*flags).wait()
            self.assertEqual(outcome.code, USAGE, outcome)
            self.assertIn(word, outcome.err)
        hold.let_go()
        self.assert_undisturbed(trainer.wait())

    def test_chooses_a_directory(self):
        hold = self.hold(before_step=9)
        process = self.start("run", "--", *RECIPE, program=CONVOY, env=hold.env, unset=supervised.UNSET)
        process.await_shown(b"Epoch 1/2")
        (path,) = (self.directory / "runs").iterdir()
        self.run_ = Run(path)
        os.kill(self.pid_of(""), signal.SIGKILL)
        hold.let_go()
        outcome = process.wait()
        self.assert_undisturbed(outcome)
        self.assertIn("the trainer was killed by SIGKILL", outcome.err)

    def test_wrong_usage(self):
        empty = self.directory / "empty"
        empty.mkdir()
        for words, said in ((["-np", 0], "error: -np: "), (["-np", 2, "--epochs", 3], "comes after --"),
                            (["--", "python3", "x.py"], "'python3' is not the trainer"),
                            (["--", self.directory / "trainer"], "trainer")):
            outcome = self.start("run", *words, program=CONVOY).wait()
            self.assertEqual(outcome.code, USAGE, outcome)
            self.assertRegex(outcome.err, r"^convoy: error: [^\n]*\n$")
            self.assertIn(said, outcome.err)
        outcome = self.start("run", "-np", 2, "--", *RECIPE, program=CONVOY, env={"PATH": str(empty)}).wait()
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertRegex(outcome.err, r"^convoy: error: mpirun [^\n]*openmpi-bin[^\n]*\n$")
        self.assertFalse((self.directory / "runs").exists() and list((self.directory / "runs").iterdir()))


if __name__ == "__main__":
    shutil.which("mpirun") or sys.exit("mpirun is missing: install openmpi-bin")
    harness.main()
