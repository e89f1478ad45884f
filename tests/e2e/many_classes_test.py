#!/usr/bin/env python3
"""A thousand classes, the most that there may be: pictures in a thousand folders, and labels above 255 in every form of
data; trained, resumed, evaluated and asked, here and at a coordinator. One more is refused."""
import csv
import pathlib
import struct
import sys
import tempfile

sys.dont_write_bytecode = True

import numpy as np

import coordinators
import datasets
import harness
import pictures
from harness import DONE, Run, USAGE

CLASSES = 1000
SIDE = 16
TRAIN, TEST = 3, 1  # pictures of a class
FLAGS = ["--model", "lenet5", "--epochs", 2, "--batch-size", 64, "--validation-split", 0, "--learning-rate", 0.003]
NAMES = [f"sort {label:03}" for label in range(CLASSES)]


def draw(label, number):
    """The label's ten bits as bright and dark blocks, with noise: what a small network can begin to learn."""
    random = np.random.default_rng([label, number])
    bits = np.array([label >> bit & 1 for bit in range(10)]).reshape(2, 5)
    blocks = np.pad(np.kron(bits, np.ones((8, 3))), ((0, 0), (0, 1)))
    return (150 * blocks + random.integers(0, 100, (SIDE, SIDE))).astype(np.uint8)


def write_folders(directory, classes):
    for part, first, count in ("train", 0, TRAIN), ("test", TRAIN, TEST):
        for label in range(classes):
            folder = directory / part / f"sort {label:03}"
            folder.mkdir(parents=True)
            for number in range(first, first + count):
                (folder / f"{number}.png").write_bytes(pictures.png(draw(label, number)))
    return directory


def write_idx_integers(path, labels, dtype, facts=0):
    """IDX labels as signed integers, in QMNIST's form `facts` of them an image."""
    rows = np.full((len(labels), facts or 1), 77, dtype)
    rows[:, 0] = labels
    rows = rows if facts else rows[:, 0]
    kind = {2: 0x0B, 4: 0x0C}[rows.itemsize]
    path.write_bytes(struct.pack(f">BBBB{rows.ndim}I", 0, 0, kind, rows.ndim, *rows.shape) + rows.tobytes())


class ManyClassesTest(harness.TrainerTest):
    trained = None  # one run for all tests, of the pictures `data`
    data = None
    kept = None

    def setUp(self):
        super().setUp()
        if ManyClassesTest.trained is None:
            ManyClassesTest.kept = tempfile.TemporaryDirectory(prefix="convoy-e2e-classes.")
            kept = pathlib.Path(ManyClassesTest.kept.name)
            ManyClassesTest.data = write_folders(kept / "data", CLASSES)
            ManyClassesTest.trained = self.train("--data", self.data, *FLAGS, run=Run(kept / "sorts"))
        self.run_dir = self.trained.path

    def test_any_number_of_ranks_and_a_stop_in_between_give_the_same_bits(self):
        self.assertEqual(self.trained.summary()["class_names"], NAMES)
        self.assertEqual(self.trained.weights()[-1][2].shape, (CLASSES,))
        for ranks in 2, 3, 4:
            again = self.train("--data", self.data, *FLAGS, "--local-ranks", ranks)
            self.assertEqual(again.bits(), self.trained.bits(), ranks)
        stopped = Run(self.directory / "stopped")
        self.stop(stopped, "--data", self.data, *FLAGS, ranks=3)
        outcome = self.run_trainer("--run-dir", stopped.path, "--data", self.data, "--resume", "--local-ranks", 2)
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertEqual(stopped.bits(), self.trained.bits())

    def test_people_see_what_they_would_look_for(self):
        evaluated = self.json("evaluate", self.run_dir, "--data", self.data)
        self.assertEqual(evaluated["accuracy"], self.trained.summary()["test_accuracy"])
        self.assertEqual([row["class_name"] for row in evaluated["classes"]], NAMES)
        matrix = np.array(evaluated["confusion_matrix"])
        self.assertEqual(matrix.shape, (CLASSES, CLASSES))
        self.assertEqual(matrix.sum(axis=1).tolist(), [TEST] * CLASSES)
        self.assertEqual(np.trace(matrix), round(evaluated["accuracy"] * CLASSES))
        shown = self.convoy("evaluate", self.run_dir, "--data", self.data).out
        self.assertIn("The 20 of 1,000 classes with the lowest F1", shown)
        shown = self.convoy("confusion", self.run_dir, "--data", self.data).out
        kinds = np.count_nonzero(matrix) - np.count_nonzero(np.diag(matrix))
        self.assertIn(f"The most frequent mistakes, 20 of {kinds:,} kinds, among 1,000 classes", shown)
        self.assertEqual(self.json("show", self.run_dir)["class_names"], NAMES)
        shown = self.convoy("show", self.run_dir).out
        self.assertIn("Class    9 sort 009\n         and 990 more", shown)
        self.convoy("report", self.run_dir, "--data", self.data)
        report = (self.run_dir / "report.html").read_text()
        self.assertIn("The 20 of 1,000 classes that the network tells apart worst", report)
        self.assertLess((self.run_dir / "figures" / "confusion.svg").stat().st_size, 2**20)

    def test_a_coordinator_answers_the_same(self):
        coordinator = coordinators.Coordinator(self, "--data", self.data).start()
        where = {"CONVOY_COORDINATOR": coordinator.address}
        run = self.train("--data", self.data, *FLAGS, "--coordinator", coordinator.address,
                         run=Run(self.directory / "elsewhere" / "there"))
        coordinator.await_job("jobs/there", lambda job: job.state == job.SUCCEEDED)
        self.assertEqual(self.json("show", "there", **where)["class_names"], NAMES)
        here = self.json("evaluate", run.path, "--data", self.data)
        there = self.json("evaluate", "there", **where)
        self.assertEqual({**there, "model": ""}, {**here, "model": ""})
        files = [self.data / "test" / NAMES[label] / f"{TRAIN}.png" for label in (0, 255, 256, 999)]
        local = self.json("predict", *files, "--model", run.path)
        self.assertEqual(self.json("predict", *files, "--model", "there", **where), local)
        self.assertEqual([len(answer["probabilities"]) for answer in local], [CLASSES] * 4)
        for answer in local:
            self.assertEqual(answer["label"], int(np.argmax(answer["probabilities"])))
            self.assertEqual(answer["class_name"], NAMES[answer["label"]])

    def test_one_class_more_is_refused_in_one_line(self):
        folders = self.directory / "folders"
        for label in range(CLASSES + 1):
            folder = folders / f"{label:04}"
            folder.mkdir(parents=True)
            (folder / "a.png").write_bytes(b"no matter")
        self.assert_refused(self.run_trainer("--data", folders, "--run-dir", "no"), USAGE,
                            "1001 folders", "at most 1000 classes")
        arrays = self.directory / "more.npz"
        labels = np.arange(CLASSES + 1)
        images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
        np.savez(arrays, x_train=images, y_train=labels, x_test=images, y_test=labels)
        self.assert_refused(self.run_trainer("--data", arrays, "--run-dir", "no"), USAGE,
                            "more.npz: label 1000 of image 1000 is out of range: at most 1000 classes are possible")
        mapped = datasets.write(self.directory / "mapped", images, labels % 10, images, labels % 10)
        for path in sorted(mapped.iterdir()):
            path.rename(mapped / f"emnist-{path.name}")
        mapping = mapped / "emnist-mapping.txt"
        mapping.write_text("".join(f"{label} {33 + label % 90}\n" for label in labels))
        self.assert_refused(self.run_trainer("--data", mapped, "--run-dir", "no"), USAGE,
                            "comes with names of 1001 classes; at most 1000 are possible")
        self.assertFalse((self.directory / "no").exists())
        mapping.write_text("".join(f"{label} {33 + label % 90}\n" for label in labels[:-1]))
        run = self.train("--data", mapped, "--model", "lenet5", "--epochs", 1)
        self.assertEqual(run.weights()[-1][2].shape, (CLASSES,))

    def test_labels_above_255_are_the_same_data_in_every_form(self):
        """Three hundred classes: of the largest label there is one image to train on."""
        random = np.random.default_rng(1)
        labels = [np.concatenate([random.integers(0, 299, count), [299]]) for count in (99, 29)]
        images = [random.integers(0, 256, (len(one), SIDE, SIDE)).astype(np.uint8) for one in labels]
        forms = {}
        for name, dtype, facts in ("short", ">i2", 0), ("int", ">i4", 0), ("rows", ">i4", 8):
            forms[name] = self.directory / name
            datasets.write(forms[name], images[0], labels[0], images[1], labels[1])
            for part, of in zip(("train", "t10k"), labels):
                (forms[name] / f"{part}-labels-idx1-ubyte").unlink()
                kind = "idx2-int" if facts else f"idx1-{name}"
                write_idx_integers(forms[name] / f"{part}-labels-{kind}", of, dtype, facts)
        for dtype in "<u2", "<i8":
            forms[dtype] = self.directory / f"{dtype[1:]}.npz"
            np.savez(forms[dtype], x_train=images[0], y_train=labels[0].astype(dtype),
                     x_test=images[1], y_test=labels[1].astype(dtype))
        forms["csv"] = self.directory / "tables"
        forms["csv"].mkdir()
        for part, shown, of in zip(("train", "test"), images, labels):
            with open(forms["csv"] / f"{part}.csv", "w", newline="") as file:
                csv.writer(file).writerows([label, *image.ravel()] for label, image in zip(of, shown))
        found = {}
        for name, path in forms.items():
            run = self.train("--data", path, "--model", "lenet5", "--epochs", 1, "--validation-split", 0)
            found[name] = run.summary()["data_sha256"], run.summary()["weights_sha256"]
            self.assertEqual(run.weights()[-1][2].shape, (300,), name)
        self.assertEqual(len(set(found.values())), 1, found)


if __name__ == "__main__":
    harness.main()
