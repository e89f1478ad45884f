#!/usr/bin/env python3
"""convoy sweep: seeds and values, side by side, stopped and gone on with, in a table and as JSON."""
import json
import os
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True

import harness
from harness import DONE, FAILED, USAGE, Run

CONVOY = pathlib.Path(os.environ.get("CONVOY_CLIENT", harness.TRAINER.parent / "convoy"))
DATA = harness.data_flags()
SMALL = ["--set", "train_limit=400", "--set", "epochs=1", *DATA]


class SweepTest(harness.TrainerTest):
    def convoy(self, *arguments, expect=DONE):
        outcome = self.run_trainer(*arguments, program=CONVOY, env={"HOME": str(self.directory)})
        self.assertEqual(outcome.code, expect, outcome)
        return outcome

    def test_every_seed_with_every_value(self):
        command = ["sweep", "lenet5", "--seeds", "1..2", "--set", "learning_rate=0.001,0.01", *SMALL]
        outcome = self.convoy(*command)
        self.assertIn("[4/4]", outcome.out)
        self.assertRegex(outcome.out, r"0\.001 +2 +\d+\.\d\d% \+- \d")
        self.assertIn("Best by val_accuracy: sweeps/lenet5/", outcome.out)
        told = json.loads(self.convoy(*command, "--json").out)  # nothing is trained again
        self.assertEqual(len(told["runs"]), 4)
        self.assertEqual([group["runs"] for group in told["groups"]], [2, 2])
        best = max(told["runs"], key=lambda run: run["metrics"]["val_accuracy"])
        self.assertEqual(told["best"]["name"], best["name"])
        # As if it had been typed by hand, to the bit.
        alone = self.train(*DATA, "--model", "lenet5", "--train-limit", 400, "--epochs", 1, "--seed", 2,
                           "--learning-rate", 0.01, run=Run(self.directory / "alone"))
        swept = Run(self.directory / "sweeps" / "lenet5" / "learning_rate-0.01_seed-2")
        self.assertEqual(swept.summary()["weights_sha256"], alone.summary()["weights_sha256"])
        self.assertIn("seed", self.convoy("compare", swept.path, "alone").out)
        # The same place is no place for another recipe.
        (self.directory / "lenet5.textproto").write_text('model_name: "lenet5"\nlabel_smoothing: 0.1\n')
        command[1] = "lenet5.textproto"
        self.assertIn("another sweep", self.convoy(*command, expect=USAGE).err)

    def test_stopped_and_gone_on_with(self):
        hold = self.hold(before_step=3)
        command = ["sweep", "lenet5", "--seeds", "1..3", "--jobs", 1, *SMALL]
        env = {"HOME": str(self.directory)}
        sweep = self.start(*command, program=CONVOY, env={**env, **hold.env})
        run = self.directory / "sweeps" / "lenet5" / "seed-1"
        while not (run / "progress.json").exists() and sweep.is_running():
            time.sleep(0.05)
        sweep.signal(signal.SIGTERM)
        hold.let_go()
        outcome = sweep.wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertIn("the same command goes on", outcome.err)
        self.assertFalse(run.with_name("seed-3").exists())
        outcome = self.convoy(*command)
        self.assertIn("3 trainings", outcome.err)
        self.assertRegex(outcome.out, r"(?m)^3 ")

    def test_wrong_input_is_one_line(self):
        for arguments, words in [
                (["lenet", "--seeds", "1"], "lenet5"), (["lenet5", "--seeds", "5..1"], "--seeds"),
                (["lenet5", "--set", "learning_rat=1"], "did you mean 'learning_rate'"),
                (["lenet5", "--set", "epochs=x"], "--set: epochs"), (["lenet5", "--set", "seed=1"], "--seeds"),
                (["lenet5", "--set", "patience=1"], "early_stopping.patience"),
                (["lenet5", "--set", "optimizer=adamm", *SMALL], "adam"),
                (["lenet5", "--data", "nowhere"], "nowhere")]:
            with self.subTest(arguments):
                outcome = self.convoy("sweep", *arguments, expect=USAGE)
                errors = [line for line in outcome.err.splitlines() if not line.startswith("convoy: note")]
                self.assertEqual(len(errors), 1, outcome)
                self.assertIn(words, errors[0])


if __name__ == "__main__":
    harness.main()
