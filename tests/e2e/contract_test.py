#!/usr/bin/env python3
"""The contract "local = remote": what convoy says about a run directory equals what it says about the same run
through a coordinator, field for field, except what only a coordinator can know.
"""
import json
import sys

sys.dont_write_bytecode = True

import coordinators
import datasets
import harness
from convoy_test import write_png
from harness import CONVOY, DONE, FAILED, Run

TRAIN_IMAGES = 100
DATA = ["--data", datasets.directory(TRAIN_IMAGES, 50)]
NORMALIZED = """name: "normalized" input { height: 28 width: 28 }
layers { average_pooling2d { pool_size: 4 } } layers { batch_normalization {} } layers { flatten {} }
layers { dense { units: 10 activation: SOFTMAX } }"""

DIVERGES = ["--model", "lenet5", "--optimizer", "sgd", "--learning-rate", "1e30"]
EARLY = """model_name: "network.textproto" early_stopping { monitor: "loss" patience: 1 min_delta: 100 }"""

# Of a job only its coordinator knows what happened to it meanwhile, and when it heard of it: first, last, and that
# it had ended (where a run directory has the trainer's own clock).
ONLY_OF_A_JOB = {"events", "create_time", "update_time", "end_time"}
# A model's own name is a path here and an id there; the coordinator counts versions and knows when one came.
ONLY_OF_A_MODEL = {"name", "model", "version", "update_time"}


class ContractTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.coordinator = coordinators.Coordinator(self, *DATA).start()
        # Not where convoy is called: there "run" would mean the directory.
        (self.directory / "runs").mkdir()
        self.run_dir = Run(self.directory / "runs" / "run")

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def train_with_coordinator(self, *flags, expect=DONE):
        self.train("--coordinator", self.coordinator.address, *DATA, *flags, run=self.run_dir, expect=expect)
        return self.coordinator.await_job("jobs/run", lambda job: job.state != job.RUNNING)

    def convoy(self, *arguments):
        """What convoy says with --json."""
        outcome = self.start(*arguments, "--json", program=CONVOY, env={
            "HOME": str(self.directory), "CONVOY_COORDINATOR": self.coordinator.address}).wait()
        self.assertEqual(outcome.code, DONE, outcome)
        return json.loads(outcome.out)

    def check_job(self, state):
        for command in ("status", "history"):
            with self.subTest(command):
                here, there = (self.convoy(command, run) for run in (self.run_dir.path, "run"))
                self.assertEqual(without(here, ONLY_OF_A_JOB), without(there, ONLY_OF_A_JOB))
        here, there = (self.convoy("status", run) for run in (self.run_dir.path, "run"))
        self.assertEqual(here["state"], state)
        for known in (here, there):
            self.assertIsNotNone(known["end_time"])

    def check_models(self):
        write_png(self.directory / "digit.png", datasets.head("t10k", 1)[0][0])
        digit = self.directory / "digit.png"
        evaluation = ["--split", "train", "--mistakes", 5, "--noise", 0.25]
        for command, local, remote in [
                (["models", "--model"], [], []),
                (["evaluate"], [*DATA, *evaluation], evaluation),
                (["evaluate"], DATA, []),
                (["predict", digit, "--model"], [], []),
                (["predict", digit, "--as-is", "--model"], [], []),
                (["noise"], [*DATA, "--levels", "0,0.5"], ["--levels", "0,0.5"]),
                (["confusion"], DATA, [])]:
            with self.subTest(command, flags=remote):
                here, there = (self.convoy(*command, model, *flags) for model, flags in
                               ((self.run_dir.path, local), ("run", remote)))
                self.assertEqual(without(here, ONLY_OF_A_MODEL), without(there, ONLY_OF_A_MODEL))

    def test_batch_normalization(self):
        network = self.write("network.textproto", NORMALIZED)
        job = self.train_with_coordinator("--model", network, "--epochs", 2, "--name", "réseau normalisé", "--tag",
                                          "lab3", "--tag", "b", "--note", "the same here and there")
        self.assertEqual(job.model, "models/run")
        self.check_job("succeeded")
        self.check_models()

    def test_early_stopping(self):
        self.write("network.textproto", NORMALIZED)
        self.train_with_coordinator("--recipe", self.write("recipe.textproto", EARLY), "--epochs", 5)
        self.check_job("succeeded")
        status = self.convoy("status", "run")
        self.assertEqual((status["completed_epochs"], status["progress_percentage"]), (2, 100))
        self.check_models()

    def test_a_loss_that_is_no_number(self):
        # One step an epoch: its loss is that of the first weights, those after it overflow.
        self.train_with_coordinator(*DIVERGES, "--epochs", 1)
        self.check_job("succeeded")
        self.assertEqual(self.convoy("history", self.run_dir.path)["val_loss"], [None])

    def test_failed(self):
        self.train_with_coordinator(*DIVERGES, "--epochs", 3, expect=FAILED)
        self.check_job("failed")
        self.assertIn("not finite", self.convoy("status", self.run_dir.path)["error"])

    def test_resumed(self):
        network = self.write("network.textproto", NORMALIZED)
        recipe = ["--model", network, *DATA, "--batch-size", 4, "--coordinator", self.coordinator.address]
        self.stop(self.run_dir, *recipe, "--epochs", 3)
        self.coordinator.await_job("jobs/run", lambda job: job.state == job.STOPPED)
        self.check_job("stopped")
        self.train(*recipe, "--resume", run=self.run_dir)
        self.coordinator.await_job("jobs/run", lambda job: job.state == job.SUCCEEDED)
        self.check_job("succeeded")
        self.check_models()


def without(value, keys):
    """A JSON value without these keys of its objects, on the first two levels."""
    if isinstance(value, list):
        return [without(entry, keys) for entry in value]
    return {key: entry for key, entry in value.items() if key not in keys}


if __name__ == "__main__":
    harness.main()
