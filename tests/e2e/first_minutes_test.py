#!/usr/bin/env python3
"""What a newcomer types in the first minutes: names without paths, a look before training, runs compared."""
import json
import struct
import sys

sys.dont_write_bytecode = True

import harness
from harness import CONVOY, DONE, FAILED, Run, USAGE

NOBODY = "127.0.0.1:1"
RECIPE = [*harness.data_flags(), "--model", "lenet5", "--train-limit", 400]
NETWORK = """
input { height: 28 width: 28 channels: 1 }
layers { name: "first" conv2d { filters: 4 kernel_size: 3 activation: RELU } }
layers { flatten {} }
layers { dense { units: 10 activation: SOFTMAX } }
"""


class FirstMinutesTest(harness.TrainerTest):
    def refuse(self, *arguments, words, expect=USAGE, **where):
        outcome = self.convoy(*arguments, expect=expect, **where)
        lines = outcome.err.splitlines()
        self.assertEqual((outcome.out, len(lines)), ("", 1), outcome)
        for word in words:
            self.assertIn(word, lines[0], outcome)
        self.assertNotIn("UNKNOWN", lines[0])
        self.assertNotIn("connect", lines[0])

    def train_two(self):
        self.train(*RECIPE, "--epochs", 1, run=Run(self.directory / "runs" / "first"))
        self.train(*RECIPE, "--epochs", 2, "--seed", 7, "--learning-rate", 0.002,
                   run=Run(self.directory / "runs" / "second"))

    def test_names_find_what_is_here(self):
        self.train_two()
        for command in (["status"], ["history"], ["show"], ["figure", "curves"]):
            outcome = self.convoy(*command)
            self.assertIn("the newest run, runs/second", outcome.err, command)
        self.assertIn("first: succeeded", self.convoy("status", "first").out)
        self.assertIn("lenet5", self.convoy("show", "first").out)
        self.assertEqual([job["name"] for job in json.loads(self.convoy("jobs", "--json").out)], ["second", "first"])
        self.assertEqual(len(json.loads(self.convoy("models", "first", "--json").out)), 1)
        # A named coordinator is asked, and what is here is only offered.
        self.refuse("status", "--coordinator", NOBODY, words=[NOBODY], expect=FAILED)
        self.refuse("status", "first", env={"CONVOY_COORDINATOR": NOBODY}, words=[NOBODY], expect=FAILED)
        words = self.convoy("status", "--coordinator", NOBODY, "--verbose", expect=FAILED).err
        self.assertIn("connect", words)

    def test_what_is_something_else_is_said(self):
        self.train(*RECIPE, "--epochs", 1, run=Run(self.directory / "runs" / "first"))
        (self.directory / "net.textproto").write_text(NETWORK)
        (self.directory / "README.md").write_text("x")
        for command, words in [
                (["status", "runs"], ["holds runs", "runs/first"]),
                (["history", "runs/first/model.convoy"], ["is a model", "'runs/first'"]),
                (["evaluate", "net.textproto"], ["convoy show"]),
                (["show", "README.md"], ["neither a run directory nor a model"]),
                (["status", "runs/frist"], ["did you mean 'runs/first'?"]),
                (["status", "frist"], ["did you mean 'runs/first'?"]),
                (["jobs", "README.md"], ["neither"]), (["predict", "runs/first"], ["--model runs/first"]),
                (["watch", "runs/frist", "--patience", "0"], ["did you mean"])]:
            with self.subTest(command):
                self.refuse(*command, words=words)

    def test_nothing_is_here_yet(self):
        for command in (["status"], ["watch"], ["history"], ["evaluate"], ["jobs"], ["models"], ["report"]):
            with self.subTest(command):
                outcome = self.convoy(*command, expect=USAGE)
                self.assertIn("trainer" if command != ["report"] else "runs/first", outcome.err)
                self.assertEqual(len(outcome.err.splitlines()), 1, outcome)

    def test_watch_waits_for_a_run_that_is_about_to_be(self):
        watching = self.start("watch", "runs/soon", program=CONVOY, env={"HOME": str(self.directory)})
        watching.await_shown(b"waiting for it", where="err")
        self.train(*RECIPE, "--epochs", 1, run=Run(self.directory / "runs" / "soon"))
        outcome = watching.wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("soon: succeeded", outcome.out)

    def test_help_is_a_command(self):
        self.assertEqual(self.convoy("help").out, self.convoy("--help").out)
        self.assertEqual(self.convoy("help", "help").out, self.convoy("--help").out)
        self.refuse("help", "predcit", words=["did you mean 'predict'"])
        self.assertEqual(self.convoy("help", "predict").out, self.convoy("predict", "--help").out)

    def test_runs_are_compared(self):
        self.train_two()
        text = self.convoy("compare", "first", "runs/second", "--figure", "both.png").out
        for line in ("best val_accuracy", "optimizer.learning_rate", "seed", "test_accuracy", "both.png"):
            self.assertIn(line, text)
        self.assertNotIn("batch_size", text)
        picture = (self.directory / "both.png").read_bytes()
        self.assertEqual(struct.unpack(">I", picture[16:20])[0], 1000)
        both = json.loads(self.convoy("compare", "first", "second", "--json").out)
        self.assertEqual(both["recipe_differences"]["seed"], ["42", "7"])
        self.assertEqual([len(job["history"]["loss"]) for job in both["jobs"]], [1, 2])
        (self.directory / "net.textproto").write_text(NETWORK)
        self.train(*harness.data_flags(), "--model", "net.textproto", "--train-limit", 400, "--epochs", 1,
                   run=Run(self.directory / "runs" / "third"))
        text = self.convoy("compare", "first", "second", "third").out
        self.assertIn("Layers of first (-) and third (+)", text)
        self.assertNotIn("Layers of first (-) and second", text)
        self.refuse("compare", "first", words=["two to 8"])
        self.refuse("compare", "first", "third", "--figure", "x.gif", words=["--figure"])

    def test_a_network_is_shown_before_it_is_trained(self):
        (self.directory / "net.textproto").write_text(NETWORK)
        text = self.convoy("show", "net.textproto").out
        for words in ("first (Conv2D)", "Multiplications", "Memory", "to Keras", "not trained yet".capitalize()):
            self.assertIn(words, text)
        shown = json.loads(self.convoy("show", "net.textproto", "--json").out)
        self.assertEqual(shown["multiplications"], 26 * 26 * 4 * 9 + 26 * 26 * 4 * 10)
        self.assertEqual(shown["layers"][0]["output_shape"], [26, 26, 4])
        self.assertIsNone(shown["export_obstacle"])
        (self.directory / "groups.textproto").write_text(
            'name: "groups" input { height: 28 width: 28 channels: 1 } layers { conv2d { filters: 4 kernel_size: 3 } }'
            ' layers { group_normalization { groups: 2 } } layers { flatten {} }'
            ' layers { dense { units: 10 activation: SOFTMAX } }')
        self.assertIn("to Keras and ONNX; ", self.convoy("show", "groups.textproto").out)
        self.assertIn("TensorFlow.js has no group normalization",
                      json.loads(self.convoy("show", "groups.textproto", "--json").out)["export_obstacle"])
        (self.directory / "summer.textproto").write_text(NETWORK.replace('"first"', '"été"'))
        self.assertIn("Keras takes only names", self.convoy("show", "summer.textproto").out)
        (self.directory / "mine.textproto").write_text(
            'model_name: "lenet5"\nlabel_smoothing: 0.1\noptimizer { name: "sgd" }\n')
        self.assertIn("label_smoothing: 0.1", self.convoy("show", "mine.textproto").out)
        self.assertIn("conv1", self.convoy("show", "lenet5").out)  # one of Convoy's own
        (self.directory / "broken.textproto").write_text(NETWORK.replace("filters", "fliters"))
        self.refuse("show", "broken.textproto", words=["broken.textproto:3", "filters"])
        (self.directory / "recipe.textproto").write_text("epochs: 2\nsede: 3\n")
        self.refuse("show", "recipe.textproto", words=["recipe.textproto:2", "seed"])

    def test_dry_run_measures_and_writes_nothing(self):
        outcome = self.run_trainer("--dry-run", *RECIPE)
        self.assertEqual(outcome.code, DONE, outcome)
        for words in ("conv1 (Conv2D)", "conv1", "3 an epoch, 5 epochs", "s an epoch here", "MB of rank 0",
                      "320 to train on, 80 for validation"):
            self.assertIn(words, outcome.out)
        self.assertEqual(list(self.directory.iterdir()), [])
        (self.directory / "augmented.textproto").write_text("augmentation { rotation: 20 }\n")
        outcome = self.run_trainer("--dry-run", *RECIPE, "--recipe", "augmented.textproto", "--preview", "six.png",
                                   "--local-ranks", 2)
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertTrue((self.directory / "six.png").read_bytes().startswith(b"\x89PNG"))
        for flags in (["--preview", "six.png"], ["--dry-run", "--preview", "six.gif"],
                      ["--dry-run", "--resume", "--run-dir", "x"]):
            self.assertEqual(self.run_trainer(*RECIPE, *flags).code, USAGE, flags)


if __name__ == "__main__":
    harness.main()
