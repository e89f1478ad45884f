#!/usr/bin/env python3
"""The Python module: what it does by itself, and what comes back from the programs and a coordinator.

The environment says where the programs are: CONVOY_BIN (ctest sets it).
"""
import contextlib
import io
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "e2e")]

import numpy as np

import convoy
import datasets
from convoy import images, language, live, programs, training

os.environ["CONVOY_DATA"] = str(datasets.directory())
IMAGES = 320  # to train on, before the split


class Scratch(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="convoy-python.")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        before = os.getcwd()
        os.chdir(directory.name)
        self.addCleanup(os.chdir, before)


class Programs(Scratch):
    def test_flags(self):
        self.assertEqual(["--batch-size=64", "--resume", "--levels=0,0.5", "--seed=-1"],
                         programs.words(batch_size=64, resume=True, verbose=None, figures=False, levels=[0, 0.5], seed=-1))

    def test_a_program_that_is_nowhere(self):
        with unittest.mock.patch.dict(os.environ, CONVOY_BIN=str(self.directory)):
            with self.assertRaisesRegex(convoy.ConvoyError, "trainer is neither in .*CONVOY_BIN"):
                programs.find_program("trainer")

    def test_a_program_on_the_path(self):
        program = self.directory / "trainer"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        with unittest.mock.patch.dict(os.environ, PATH=str(self.directory)), \
                unittest.mock.patch.object(programs, "TREE", self.directory / "nowhere"):
            del os.environ["CONVOY_BIN"]
            self.assertEqual(str(program), programs.find_program("trainer"))

    def test_the_error_is_the_programs_line(self):
        with self.assertRaises(convoy.ConvoyError) as caught:
            programs.check(2, "convoy: note: something\nconvoy: error: x: y; do z\n", ["/bin/convoy", "show"])
        self.assertEqual(("x: y; do z", 2, ["/bin/convoy", "show"]),
                         (str(caught.exception), caught.exception.exit_code, caught.exception.command))

    def test_a_program_that_dies_silently(self):
        with self.assertRaisesRegex(convoy.ConvoyError, "convoy ended with signal 9"):
            programs.check(-9, "", ["/bin/convoy"])


class Images(Scratch):
    def test_forms(self):
        for shape, expected in (((28, 28), (1, 28, 28, 1)), ((5, 28, 28), (5, 28, 28, 1)), ((2, 8, 9, 3), (2, 8, 9, 3)),
                                ((0, 28, 28), (0, 28, 28, 1))):
            self.assertEqual(expected, images.as_bytes(np.zeros(shape)).shape)

    def test_values(self):
        for value, dtype, expected in ((1.0, np.float32, 255), (0.5, np.float64, 128), (200, np.int64, 200), (7, np.uint8, 7)):
            self.assertEqual(expected, images.as_bytes(np.full((4, 4), value, dtype))[0, 0, 0, 0])

    def test_what_is_refused(self):
        for wrong in (np.zeros(28), np.zeros((1, 2, 3, 4)), np.zeros((1, 0, 28)), np.full((4, 4), 1.5), np.full((4, 4), -1),
                      np.full((4, 4), 256), np.full((4, 4), np.nan), np.full((4, 4), "a"), np.full((4, 4), True)):
            with self.assertRaises(ValueError):
                images.as_bytes(wrong)

    def test_png_holds_the_pixels(self):
        image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        content = images.png(image)
        start = content.index(b"IDAT") + 4
        rows = np.frombuffer(zlib.decompressobj().decompress(content[start:]), np.uint8).reshape(2, 13)
        self.assertEqual(0, rows[:, 0].sum())
        np.testing.assert_array_equal(image, rows[:, 1:].reshape(2, 4, 3))

    def test_zoom(self):
        self.assertEqual(images.png(np.full((6, 3, 1), 255, np.uint8)), convoy.picture_of(np.ones((2, 1)), zoom=3).data)

    def test_load(self):
        pictures, labels = convoy.load_images("test")
        self.assertEqual(((datasets.TEST_IMAGES, 28, 28), (datasets.TEST_IMAGES,)), (pictures.shape, labels.shape))

    def test_files_that_are_cut_or_missing(self):
        with self.assertRaisesRegex(convoy.ConvoyError, "get-mnist"):
            convoy.load_images("test", self.directory)
        for name in ("t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"):
            (self.directory / name).write_bytes(b"\0\0\x08\x03\0\0")
            with self.assertRaisesRegex(convoy.ConvoyError, name):
                convoy.load_images("test", self.directory)
            (self.directory / name).unlink()


class Live(Scratch):
    def setUp(self):
        super().setUp()
        pathlib.Path("summary.json").write_text('{"train_images": 256, "batch_size": 128, "epochs": 3}')
        pathlib.Path("steps.csv").write_text("step,epoch,loss,accuracy,images_per_second\n1,0,2.3,0.1,1000\n2,0,2,0.5,1234\n3,1,1")

    def test_before_anything_is_there(self):
        for name in ("steps.csv", "summary.json"):
            pathlib.Path(name).unlink()
            self.assertIn("Reading", live._drawn(self.directory))

    def test_a_line_that_is_being_written_is_left_out(self):
        drawn = live._drawn(self.directory)
        self.assertIn("Epoch 1 of 3", drawn)
        self.assertIn("1,234 images/s", drawn)
        self.assertNotIn("<circle", drawn)

    def test_validation_in_french(self):
        pathlib.Path("history.json").write_text('{"val_accuracy": [0.625]}')
        with unittest.mock.patch.object(language, "_chosen", ["fr"]):
            drawn = live._drawn(self.directory)
        self.assertIn("62,50\u00a0%", drawn)
        self.assertEqual(1, drawn.count("<circle"))

    def test_lines_are_passed_on_whole(self):
        with tempfile.TemporaryFile() as out, contextlib.redirect_stdout(io.StringIO()) as shown:
            view = live.LineView(out)
            out.write("épo".encode()[:1])
            view.update()
            self.assertEqual("", shown.getvalue())
            out.write("épo".encode()[1:] + b"que\n")
            view.update()
        self.assertEqual("époque\n", shown.getvalue())

    def test_the_language_of_the_locale(self):
        for expected, locale in (("en", {}), ("fr", {"LANG": "fr_CA.UTF-8"}), ("en", {"LANG": "fr_FR", "LC_ALL": "C"}),
                                 ("fr", {"LANG": "en_US", "LANGUAGE": "de:fr"}), ("en", {"LANG": "C", "LANGUAGE": "fr"}),
                                 ("en", {"LANG": "fr_FR", "LC_MESSAGES": "de_DE"})):
            with unittest.mock.patch.dict(os.environ, locale, clear=True):
                self.assertEqual(expected, language.language(), locale)

    def test_a_language_that_is_not_there(self):
        with self.assertRaisesRegex(ValueError, "'de'"):
            convoy.set_language("de")


class InterruptedView:
    """Interrupts the training as a user would once it is under way: its first step is in the files."""

    def __init__(self, directory, out):
        self._directory, self._is_done = directory, False

    def update(self):
        if not self._is_done and live._read_steps(self._directory):
            self._is_done = True
            raise KeyboardInterrupt

    def finish(self):
        pass


class Trainings(Scratch):
    def train(self, **flags):
        return convoy.train(**{"run_dir": self.directory / "run", "train_limit": IMAGES, "epochs": 1,
                               "show_progress": False, **flags})

    def test_run_and_model(self):
        run = self.train(epochs=2)
        self.assertEqual([1, 2], list(run.history.index))
        self.assertEqual(run.summary["validation_accuracy"], run.history["val_accuracy"].iloc[-1])
        self.assertEqual([1, 1, 2, 2], list(run.steps["epoch"]))
        self.expect_same_answers(run.model)
        self.assertEqual([self.directory / "run"], [found.directory for found in convoy.runs(self.directory)])
        self.assertEqual(1.0, len(convoy.compare(run, run)) / 2)
        for format, begin in (("png", b"\x89PNG"), ("svg", b"<?xml")):
            self.assertTrue(run.figure("curves", format=format).data.startswith(begin))

    def expect_same_answers(self, model):
        """What predict says, file by file, adds up to what evaluate counts."""
        found = model.evaluate(mistakes=3)
        pictures, labels = convoy.load_images("test")
        probabilities = model.predict(pictures)
        self.assertEqual((len(pictures), datasets.CLASSES), probabilities.shape)
        self.assertEqual(found.accuracy, (probabilities.argmax(axis=1) == labels).mean())
        np.testing.assert_array_equal(np.diag(found.confusion), np.bincount(labels[model.labels(pictures) == labels],
                                                                            minlength=datasets.CLASSES))
        self.assertEqual(3, len(found.mistakes))
        self.assertEqual(found.accuracy, model.noise([0, 1])["accuracy"][0])

    def test_many_pictures_are_asked_in_several_calls(self):
        model = self.train().model
        pictures, _ = convoy.load_images("test")
        at_once = model.predict(pictures[:7])
        with unittest.mock.patch("convoy.models.FILES_A_CALL", 3):
            np.testing.assert_array_equal(at_once, model.predict(pictures[:7]))

    def test_interrupt_stops_with_a_checkpoint(self):
        with unittest.mock.patch.object(live, "view_of", InterruptedView):
            with self.assertRaises(convoy.Stopped):
                self.train(epochs=1000, show_progress=True)
        run = convoy.Run(self.directory / "run")
        self.assertEqual("stopped", run.summary["state"])
        with self.assertRaisesRegex(convoy.ConvoyError, "no model yet.*stopped"):
            run.model
        self.assertEqual("stopped", run.status()["state"])  # and no process holds its lock

    def test_an_interrupt_that_a_view_cannot_handle_leaves_no_trainer(self):
        class Broken(InterruptedView):
            def update(self):
                if live._read_steps(self._directory):
                    raise RuntimeError("no display")
        with unittest.mock.patch.object(live, "view_of", Broken):
            with self.assertRaisesRegex(RuntimeError, "no display"):
                self.train(epochs=1000, show_progress=True)
        self.assertEqual("stopped", convoy.Run(self.directory / "run").summary["state"])

    def test_errors_are_the_programs(self):
        for flags, message in (({"epoch": 1}, "did you mean '--epochs'"), ({"epochs": 0}, "epochs"),
                               ({"data": "/nowhere"}, "/nowhere")):
            with self.assertRaisesRegex(convoy.ConvoyError, message) as caught:
                self.train(**flags)
            self.assertEqual(2, caught.exception.exit_code)
        with self.assertRaisesRegex(convoy.ConvoyError, "nothing-here"):
            convoy.Model("nothing-here").evaluate()

    def test_sweep(self):
        found = convoy.sweep("notebook", seeds=[1, 2], values={"train_limit": [IMAGES], "epochs": [1]}, directory="sweep")
        self.assertEqual([1, 2], list(found.table["seed"]))
        self.assertEqual(found.table["val_accuracy"].max(), found.best.summary["validation_accuracy"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Coordinators(Scratch):
    def setUp(self):
        super().setUp()
        self.address = f"127.0.0.1:{free_port()}"
        process = programs.start("coordinator", ["--listen", self.address, "--http", "127.0.0.1:0", "--store", "store"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.room = convoy.Coordinator(self.address)
        self.addCleanup(self.room.close)
        import grpc
        grpc.channel_ready_future(self.room._channel).result(timeout=60)

    def test_a_job(self):
        self.assertEqual(0, len(self.room.jobs()))
        run = convoy.train(run_dir="run", epochs=2, train_limit=IMAGES, coordinator=self.address, show_progress=False)
        self.assertEqual(("run", "succeeded", 2), (*self.room.jobs().reset_index()[["job", "state", "epoch"]].loc[0],))
        history = self.room.history("run")
        for metric in ("loss", "val_accuracy"):
            self.assertEqual(list(run.history[metric]), list(history[metric]))
        self.assertEqual("succeeded", list(self.room.watch("run"))[-1]["state"])
        self.assertEqual(["run"], list(self.room.models().index))
        pictures, _ = convoy.load_images("test")
        np.testing.assert_array_equal(run.model.predict(pictures[:20]), self.room.predict("run", pictures[:20]))
        filters = self.room.call("convoy.v1.ModelService.GetFilters", name="models/run", layer="conv1")
        self.assertEqual(32 * 9, len(filters.layers[0].values))

    def test_errors(self):
        with self.assertRaisesRegex(convoy.ConvoyError, "no job jobs/none"):
            self.room.history("none")
        with self.assertRaisesRegex(convoy.ConvoyError, "none"):
            list(self.room.watch("none"))
        with self.assertRaisesRegex(LookupError, "no method Fly; it has .*ListJobs"):
            self.room.call("convoy.v1.JobService.Fly")
        with self.assertRaisesRegex(LookupError, "convoy.v9"):
            self.room.call("convoy.v9.JobService.ListJobs")
        with self.assertRaisesRegex(convoy.ConvoyError, "no coordinator answers at 127.0.0.1:1;"):
            convoy.Coordinator("127.0.0.1:1").jobs()


if __name__ == "__main__":
    unittest.main(verbosity=2)
