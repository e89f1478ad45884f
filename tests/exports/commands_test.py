#!/usr/bin/env python3
"""convoy export and convoy import as people call them, and trainer --initial-weights: from a trained model to
Keras's file and back, and on from there. What is written is read without any code of ours.

The environment says where the programs are: CONVOY_TRAINER and CONVOY_CLIENT (ctest sets them).
"""

import json
import os
import pathlib
import struct
import sys
import unittest
import zipfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "e2e"))

import harness
from harness import DONE, USAGE, Run

import h5py
import numpy
import onnx

import datasets
import keras_archive
import keras_files
import keras_forms
import keras_forward

CONVOY = pathlib.Path(os.environ.get("CONVOY_CLIENT", harness.ROOT / "build" / "release" / "bin" / "convoy"))
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--epochs", 1]
# Long enough to be stopped on the way.
LONGER = [*harness.data_flags(), "--batch-size", 16, "--epochs", 2]
DATA = datasets.directory()
SGD = {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.03125, "momentum": 0.5, "nesterov": True}}


class CommandsTest(harness.TrainerTest):
    def convoy(self, *arguments):
        return self.start(*arguments, program=CONVOY).wait()

    def succeed(self, *arguments):
        outcome = self.convoy(*arguments)
        self.assertEqual(outcome.code, DONE, outcome)
        return outcome

    def refuse(self, arguments, *words):
        outcome = self.convoy(*arguments)
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertEqual(outcome.err.count("\n"), 1, outcome)
        for word in words:
            self.assertIn(str(word), outcome.err)

    def sha256_of(self, model):
        return json.loads(self.succeed("show", model, "--json").out)["weights_sha256"]


class ExportTest(CommandsTest):
    def test_every_format_of_a_run_is_verified(self):
        run = self.train(*RECIPE)
        digest = run.summary()["weights_sha256"]
        for name, output in [("keras", "model.h5"), ("tfjs", "folder"), ("onnx", "model.onnx")]:
            with self.subTest(format=name):
                outcome = self.succeed("export", run.path, "--format", name, "--output", output, "--verify",
                                       "--data", DATA)
                self.assertIn("Verified: read back and run over 100 images", outcome.out)
                first = self.content(self.directory / output)
                # Again, over what is there, from the file itself: the same bytes.
                outcome = self.succeed("export", "--model", run.path / "model.convoy", "--format", name, "--output",
                                       output, "--verify", "--json", "--data", DATA)
                said = json.loads(outcome.out)
                self.assertEqual((said["format"], said["output"]), (name, output))
                self.assertEqual(said["verified"]["images"], 100)
                self.assertLess(said["verified"]["largest_difference"], 1e-5)
                self.assertEqual(self.content(self.directory / output), first)
        self.assertEqual(keras_forward.Model(self.directory / "model.h5").weights_sha256(), digest)
        onnx.checker.check_model(onnx.load(self.directory / "model.onnx"), full_check=True)
        self.assertEqual(json.loads((self.directory / "folder/model.json").read_text())["format"], "layers-model")

    def test_the_ending_says_the_format(self):
        run = self.train(*RECIPE)
        digest = run.summary()["weights_sha256"]
        for name, said in [("a.h5", "keras"), ("b.keras", "keras"), ("c.onnx", "onnx")]:
            outcome = self.succeed("export", run.path, "--output", name, "--verify", "--json", "--data", DATA)
            self.assertEqual(json.loads(outcome.out)["format"], said)
        self.assertEqual(keras_archive.Model(self.directory / "b.keras").weights_sha256(), digest)
        self.succeed("import", "b.keras", "--output", "b.convoy", "--input-scale", "0..1")
        self.assertEqual(self.sha256_of("b.convoy"), digest)

    def test_without_verify_nothing_is_said_of_it(self):
        run = self.train(*RECIPE)
        outcome = self.succeed("export", run.path, "--format", "onnx", "--output", "model.onnx")
        self.assertEqual(outcome.out, "Wrote model.onnx\n")

    def test_wrong_usage(self):
        run = self.train(*RECIPE)
        self.refuse(["export", run.path, "--format", "kears", "--output", "x"], "unknown format 'kears'",
                    "did you mean 'keras'?")
        self.refuse(["export", run.path, "--output", "x"], "--format")
        self.refuse(["export", run.path, "--format", "onnx"], "--output")
        self.refuse(["export", run.path, "--format", "onnx", "--output", "x.h5"], "x.h5", "another format than onnx")
        self.refuse(["export", run.path, "--format", "tfjs", "--output", "x.onnx"], "another format than tfjs")
        self.refuse(["export", "nowhere.convoy", "--format", "onnx", "--output", "x"], "nowhere.convoy")
        self.refuse(["export", run.path, "--format", "onnx", "--output", "x", "--data", DATA], "--verify")
        self.refuse(["export", run.path, "--format", "onnx", "--output", "x", "--verify", "--data", "nowhere"],
                    "nowhere")
        self.assertFalse((self.directory / "x").exists())
        (self.directory / "mine").mkdir()
        (self.directory / "mine/notes.txt").write_text("keep")
        self.refuse(["export", run.path, "--format", "tfjs", "--output", "mine"], "notes.txt")
        self.refuse(["export", run.path, "--format", "keras", "--output", "mine/notes.txt/x"], "mine/notes.txt/x")
        self.assertEqual((self.directory / "mine/notes.txt").read_text(), "keep")

    @staticmethod
    def content(path):
        """{name: bytes} of a file or of a folder's files."""
        files = path.iterdir() if path.is_dir() else [path]
        return {file.name: file.read_bytes() for file in files}


class ImportTest(CommandsTest):
    def test_round_trip_keeps_every_bit(self):
        run = self.train(*RECIPE)
        self.succeed("export", run.path, "--format", "keras", "--output", "model.h5")
        outcome = self.succeed("import", "model.h5", "--output", "again.convoy")
        self.assertIn("Wrote again.convoy", outcome.out)
        self.assertIn(run.summary()["weights_sha256"], outcome.out)
        self.assertEqual(outcome.err, "")
        self.succeed("export", "again.convoy", "--format", "keras", "--output", "again.h5")
        self.assertEqual((self.directory / "again.h5").read_bytes(), (self.directory / "model.h5").read_bytes())

    def test_file_of_keras(self):
        arrays = keras_files.weights()
        keras_files.write_keras3(self.directory / "keras.h5", arrays)
        said = json.loads(self.succeed("import", "keras.h5", "--output", "model.convoy", "--json").out)
        self.assertEqual(said["weights_sha256"], self.sha256_of("model.convoy"))
        self.assertEqual((said["layers"], said["parameters"], said["notes"]), (5, 39 + 76, []))
        self.succeed("export", "model.convoy", "--format", "onnx", "--output", "model.onnx", "--verify")

    def test_weights_alone_with_their_network(self):
        run = self.train(*RECIPE, "--model", "lenet5")
        digest = run.summary()["weights_sha256"]
        self.succeed("export", run.path, "--output", "whole.h5")
        self.succeed("export", run.path, "--output", "whole.keras")
        with h5py.File(self.directory / "whole.h5", "r") as whole, \
                h5py.File(self.directory / "alone.h5", "w") as alone:
            for name in whole["model_weights"]:
                whole["model_weights"].copy(name, alone)
            for key, value in whole["model_weights"].attrs.items():
                alone.attrs[key] = value
        with zipfile.ZipFile(self.directory / "whole.keras") as archive:
            (self.directory / "alone.weights.h5").write_bytes(archive.read("model.weights.h5"))
        for name in ("alone.h5", "alone.weights.h5"):
            self.refuse(["import", name, "--output", "x.convoy"], "only weights were saved")
            self.refuse(["import", name, "--output", "x.convoy", "--model", "notebook"], name)
            self.succeed("import", name, "--output", "x.convoy", "--force", "--model", "lenet5", "--input-scale", "0..1")
            self.assertEqual(self.sha256_of("x.convoy"), digest)
            (self.directory / "x.convoy").unlink()
        outcome = self.succeed("import", "whole.h5", "--output", "x.convoy", "--force", "--model", "lenet5")
        self.assertIn("holds its own network", outcome.err)

    @unittest.skipUnless("CONVOY_DATA" in os.environ, "generated digits are told apart at any scale")
    def test_the_scale_of_the_input_is_found_and_built_in(self):
        """A network trained on bytes of black on white: each scale is told apart, and exports take 0 to 1."""
        images, labels = datasets.head("t10k", 500)
        data = self.directory / "digits"
        data.mkdir()
        for half in ("train", "t10k"):
            (data / f"{half}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, 500, 28, 28) + images.tobytes())
            (data / f"{half}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, 500) + labels.tobytes())
        x = images.reshape(500, 784) / 255
        means = numpy.array([x[labels == digit].mean(0) for digit in range(10)])
        kernel, bias = 8 * means.T, -4 * (means ** 2).sum(1)  # the nearest mean
        for scale, factor, offset in [("0..1", 1, 0), ("0..255", 255, 0), ("-1..1", 2, -1), ("inverted", -1, 1)]:
            with self.subTest(scale=scale):
                # What it computes of value * factor + offset is what the kernel computes of the value.
                given = (kernel / factor).astype(numpy.float32)
                layers = [keras_forms.Layer("Flatten", "flatten"),
                          keras_forms.Layer("Dense", "dense", {"kernel": given, "bias": (
                              bias - offset * given.sum(0)).astype(numpy.float32)}, units=10, activation="softmax")]
                config = keras_forms.sequential([keras_forms.input_layer((28, 28, 1)), *layers])
                keras_forms.write_h5(self.directory / "m.h5", config, keras_forms.own_groups(layers))
                said = json.loads(self.succeed("import", "m.h5", "--output", "m.convoy", "--force", "--json", "--data", data).out)
                self.assertEqual(said["input_scale"], scale, said)
                self.succeed("import", "m.h5", "--output", "told.convoy", "--force", "--input-scale", scale)
                self.assertEqual(self.sha256_of("told.convoy"), said["weights_sha256"])
                self.succeed("export", "m.convoy", "--output", "out.h5")
                answers = keras_forward.Model(self.directory / "out.h5").predict(x.reshape(500, 28, 28, 1)).argmax(1)
                self.assertEqual((answers == (x @ kernel + bias).argmax(1)).mean(), 1)
        self.refuse(["import", "m.h5", "--output", "x.convoy", "--input-scale", "0..25"], "did you mean '0..255'")
        self.refuse(["import", "m.h5", "--output", "x.convoy", "--input-shape", "28"], "--input-shape", "28x28")

    def test_what_is_not_taken_is_noted_or_refused(self):
        arrays = keras_files.weights()
        keras_files.write(self.directory / "nadam.h5", arrays, optimizer={"class_name": "Nadam", "config": {}})
        outcome = self.succeed("import", "nadam.h5", "--output", "model.convoy")
        self.assertIn("note: the optimizer \"Nadam\" is not imported", outcome.err)
        (self.directory / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
        self.refuse(["import", "broken.h5", "--output", "x.convoy"], "broken.h5: ")
        self.refuse(["import", "nowhere.h5", "--output", "x.convoy"], "nowhere.h5")
        self.refuse(["import", "nadam.h5"], "--output")
        self.assertFalse((self.directory / "x.convoy").exists())


class InitialWeightsTest(CommandsTest):
    """The imported model goes on being trained."""

    def setUp(self):
        super().setUp()
        random = numpy.random.RandomState(3)
        layers = [{"class_name": "Flatten", "config": {"name": "flatten"}},
                  {"class_name": "Dense", "config": {"name": "output", "units": 10, "activation": "softmax"}}]
        shape = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 28, 28], "name": "in"}}
        kernel = (random.standard_normal((784, 10)) / 28).astype(numpy.float32)
        path = self.directory / "keras.h5"
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
            file.attrs["model_config"] = json.dumps(keras_files.sequential([shape] + layers))
            file.attrs["training_config"] = json.dumps({"optimizer_config": SGD})
            group = file.create_group("model_weights")
            group.attrs["layer_names"] = ["flatten", "output"]
            group.create_group("flatten").attrs["weight_names"] = []
            group.create_group("output").attrs["weight_names"] = ["output/kernel:0", "output/bias:0"]
            group["output/output/kernel:0"] = kernel
            group["output/output/bias:0"] = numpy.zeros(10, numpy.float32)
        self.kernel = kernel
        self.succeed("import", "keras.h5", "--output", "start.convoy")
        self.start_file = self.directory / "start.convoy"

    def test_first_step_starts_from_the_given_weights(self):
        """One step of SGD with Nesterov's momentum, computed here by numpy."""
        flags = [*harness.data_flags(), "--initial-weights", self.start_file, "--train-limit", 16, "--batch-size", 16,
                 "--validation-split", 0, "--epochs", 1]
        run = self.train(*flags)
        images, labels = datasets.head("train", datasets.TRAIN_IMAGES)
        x, labels = images[:16].reshape(16, 784) / 255, labels[:16]
        logits = x @ self.kernel.astype(float)
        p = numpy.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[numpy.arange(16), labels] -= 1
        # velocity = -rate * gradient; with Nesterov's look ahead, from zero velocity.
        expected = self.kernel - 1.5 * 0.03125 * (x.T @ p) / 16
        (_, _, trained), _ = run.weights()
        self.assertLess(numpy.abs(trained - expected).max(), 1e-6)
        recipe = (run.path / "recipe.textproto").read_text()
        for line in ('name: "sgd"', "momentum: 0.5", "learning_rate: 0.03125", "initial_weights_sha256: "):
            self.assertIn(line, recipe)

    def test_same_bits_on_other_ranks_by_the_recipe_and_on_resume(self):
        flags = [*LONGER, "--initial-weights", self.start_file]
        run = self.train(*flags)
        self.assertEqual(self.train(*flags, ranks=3).bits(), run.bits())
        by_recipe = ["--recipe", run.path / "recipe.textproto", *harness.data_flags()]
        self.assertEqual(self.train(*by_recipe, "--initial-weights", self.start_file).bits(), run.bits())
        resumed = Run(self.directory / "resumed")
        self.stop(resumed, *flags)
        self.train(*LONGER, "--resume", run=resumed)  # the weights are in the checkpoint
        self.assertEqual(resumed.bits(), run.bits())
        self.assertNotEqual(self.train(*by_recipe, "--initial-weights", self.start_file, "--seed", 43).bits(),
                            run.bits())

    def test_what_does_not_fit_is_refused(self):
        run = self.train(*RECIPE, "--initial-weights", self.start_file)
        recipe = ["--recipe", run.path / "recipe.textproto", *harness.data_flags()]
        self.assert_refused(self.run_trainer(*recipe), USAGE, "add --initial-weights",
                            self.sha256_of(self.start_file))
        self.assert_refused(self.run_trainer(*recipe, "--initial-weights", run.path / "model.convoy"), USAGE,
                            "--initial-weights", "SHA-256")
        self.assert_refused(self.run_trainer(*RECIPE, "--model", "lenet5", "--initial-weights", self.start_file), USAGE,
                            "--initial-weights", "lenet5", "'conv1/kernel'")
        self.assert_refused(self.run_trainer(*RECIPE, "--run-dir", run.path, "--resume", "--initial-weights",
                                             run.path / "model.convoy"), USAGE, "--initial-weights: differs")
        self.assert_refused(self.run_trainer(*RECIPE, "--initial-weights", "nowhere"), USAGE, "--initial-weights",
                            "nowhere")


if __name__ == "__main__":
    harness.main()
