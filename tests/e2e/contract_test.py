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
from convoy_test import CONVOY, write_png
from harness import DONE, Run

TRAIN_IMAGES = 100
DATA = ["--data", datasets.directory(TRAIN_IMAGES, 50)]
NORMALIZED = """name: "normalized" input { height: 28 width: 28 }
layers { average_pooling2d { pool_size: 4 } } layers { batch_normalization {} } layers { flatten {} }
layers { dense { units: 10 activation: SOFTMAX } }"""

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

    def check_models(self):
        write_png(self.directory / "digit.png", datasets.head("t10k", 1)[0][0])
        digit = self.directory / "digit.png"
        evaluation = ["--split", "train", "--mistakes", 5, "--noise", 0.25]
        for command, local, remote in [
                (["models", "--model"], [], []),
                (["evaluate"], [*DATA, *evaluation], evaluation),
                (["evaluate"], DATA, []),
                (["predict", digit, "--model"], [], []),
                (["noise"], [*DATA, "--levels", "0,0.5"], ["--levels", "0,0.5"]),
                (["confusion"], DATA, [])]:
            with self.subTest(command, flags=remote):
                here, there = (self.convoy(*command, model, *flags) for model, flags in
                               ((self.run_dir.path, local), ("run", remote)))
                self.assertEqual(without(here, ONLY_OF_A_MODEL), without(there, ONLY_OF_A_MODEL))

    def test_batch_normalization(self):
        network = self.write("network.textproto", NORMALIZED)
        job = self.train_with_coordinator("--model", network, "--epochs", 2)
        self.assertEqual(job.model, "models/run")
        self.check_models()


def without(value, keys):
    """A JSON value without these keys of its objects, on the first two levels."""
    if isinstance(value, list):
        return [without(entry, keys) for entry in value]
    return {key: entry for key, entry in value.items() if key not in keys}


if __name__ == "__main__":
    harness.main()
