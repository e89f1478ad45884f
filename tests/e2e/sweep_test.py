#!/usr/bin/env python3
"""convoy sweep: seeds and values, side by side, stopped and gone on with, in a table and as JSON."""
import json
import signal
import sys
import time

sys.dont_write_bytecode = True

import harness
from harness import CONVOY, FAILED, Run, USAGE

DATA = harness.data_flags()
SMALL = ["--set", "train_limit=400", "--set", "epochs=1", *DATA]


class SweepTest(harness.TrainerTest):
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

    def test_halving(self):
        rates = ["0.00001", "0.001", "0.002", "0.00002"]
        command = ["sweep", "lenet5", "--seeds", "1..2", "--set", "learning_rate=" + ",".join(rates), "--halving",
                   "--set", "train_limit=400", "--set", "epochs=4", *DATA]
        outcome = self.convoy(*command)
        self.assertIn("after epoch 1 the better 2 of 4 combinations go on", outcome.err)
        self.assertIn("after epoch 2 the better 1 of 2 combinations go on", outcome.err)
        self.assertRegex(outcome.out, r"0\.00001 .*after epoch 1: \d+\.\d\d%, place \d of 4")
        told = json.loads(self.convoy(*command, "--json").out)  # nothing is trained again, and decided alike
        self.assertEqual([(one["epoch"], one["combinations"], one["kept"]) for one in told["halving"]],
                         [(1, 4, 2), (2, 2, 1)])
        ended = {group["settings"]["learning_rate"]: group["ended"] for group in told["groups"]}
        self.assertEqual([ended[rate]["epoch"] for rate in (rates[0], rates[3])], [1, 1])
        whole = [rate for rate in rates if ended[rate] is None]
        self.assertEqual(len(whole), 1)
        self.assertEqual(told["best"]["settings"]["learning_rate"], whole[0])
        sweep = self.directory / "sweeps" / "lenet5"
        stopped = Run(sweep / "learning_rate-0.00001_seed-1")
        self.assertEqual((stopped.summary()["state"], len(stopped.history()["loss"])), ("stopped", 1))
        # Halved or not, the bits are those of the training alone.
        alone = self.train(*DATA, "--model", "lenet5", "--train-limit", 400, "--epochs", 4, "--seed", 2,
                           "--learning-rate", whole[0], run=Run(self.directory / "alone"))
        best = Run(sweep / f"learning_rate-{whole[0]}_seed-2")
        self.assertEqual(best.summary()["weights_sha256"], alone.summary()["weights_sha256"])
        # Without it those that were ended go on to the end.
        command.remove("--halving")
        self.assertNotIn("after epoch", self.convoy(*command).out)
        self.assertEqual((stopped.summary()["state"], len(stopped.history()["loss"])), ("succeeded", 4))

    def test_halving_needs_something_to_halve(self):
        for flags, words in [(["--seeds", "1..4"], "--set"), (["--set", "epochs=1,2"], "epochs"),
                             (["--set", "epochs=1", "--set", "learning_rate=0.001,0.002"], "two epochs")]:
            with self.subTest(flags):
                outcome = self.convoy("sweep", "lenet5", "--halving", *flags, *DATA, expect=USAGE)
                self.assertIn("--halving: ", outcome.err)
                self.assertIn(words, outcome.err)
                self.assertFalse((self.directory / "sweeps").exists())

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
