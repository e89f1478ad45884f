#!/usr/bin/env python3
"""Data as people have them: every form, written here by Python alone, gives the images that the four IDX files give."""
import csv
import gzip
import io
import struct
import sys
import tarfile
import zipfile

sys.dont_write_bytecode = True

import numpy as np

import datasets
import harness
from harness import DONE, USAGE

TRAIN, TEST = 96, 32
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def parts():
    return *datasets.head("train", TRAIN), *datasets.head("t10k", TEST)


def idx_ints(path, labels):
    """QMNIST's labels: eight whole numbers a row, of which the first is the class."""
    rows = np.zeros((len(labels), 8), ">i4")
    rows[:, 0] = labels
    rows[:, 1:] = 77
    write(path, struct.pack(">BBBBII", 0, 0, 0x0C, 2, *rows.shape) + rows.tobytes())


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    with (gzip.open if path.suffix == ".gz" else open)(path, "wb") as file:
        file.write(content)


def idx(path, array):
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    write(path, header + np.ascontiguousarray(array, dtype=np.uint8).tobytes())


def idx_set(folder, pattern, train="train", test="t10k"):
    """Writes four files by a pattern of {part}, {kind} and {dims}."""
    for part, images, labels in zip((train, test), parts()[::2], parts()[1::2]):
        idx(folder / pattern.format(part=part, kind="images", dims=3), images)
        idx(folder / pattern.format(part=part, kind="labels", dims=1), labels)
    return folder


class DataFormsTest(harness.TrainerTest):
    def look(self, data, *flags, model="lenet5"):
        """Trains a little and returns the summary and what was printed."""
        outcome = self.run_trainer("--data", data, "--model", model, "--epochs", 1, "--batch-size", 32,
                                   "--validation-split", 0, "--run-dir", self.directory / f"run{self.count()}", *flags)
        self.assertEqual(outcome.code, DONE, outcome)
        return harness.Run(self.directory / f"run{self.runs}").summary(), outcome.out + outcome.err

    def count(self):
        self.runs = getattr(self, "runs", 0) + 1
        return self.runs

    def assert_same(self, data, *flags):
        if not hasattr(self, "plain"):
            self.plain = self.look(datasets.write(self.directory / "plain", *parts()))[0]["data_sha256"]
        summary, shown = self.look(data, *flags)
        self.assertEqual(summary["data_sha256"], self.plain, data)
        return summary, shown

    def assert_refused(self, data, *words):
        outcome = self.run_trainer("--data", data, "--run-dir", self.directory / f"run{self.count()}")
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertEqual(len(outcome.err.strip().splitlines()), 1, outcome)
        for word in words:
            self.assertIn(word, outcome.err)

    def test_idx_under_every_spelling(self):
        here = self.directory
        for name, pattern, names in (
                ("kaggle", "{part}-{kind}-idx{dims}-ubyte/{part}-{kind}-idx{dims}-ubyte", {}),
                ("qmnist", "qmnist-{part}-{kind}-idx{dims}-ubyte.gz", {"test": "test"}),
                ("dots", "{part}-{kind}.idx{dims}-ubyte.gz", {}),
                ("torchvision", "MNIST/raw/{part}-{kind}-idx{dims}-ubyte", {}),
                ("underscores", "{part}_{kind}_idx{dims}_ubyte", {"test": "test"})):
            with self.subTest(name):
                self.assert_same(idx_set(here / name, pattern, **names))
        both = idx_set(here / "both", "{part}-{kind}-idx{dims}-ubyte/x")  # folders called as the files
        self.assert_same(idx_set(both, "{part}-{kind}.idx{dims}-ubyte"))

    def test_labels_of_several_whole_numbers(self):
        folder = idx_set(self.directory / "qmnist", "qmnist-{part}-{kind}-idx{dims}-ubyte", test="test")
        for part, labels in ("train", parts()[1]), ("test", parts()[3]):
            (folder / f"qmnist-{part}-labels-idx1-ubyte").unlink()
            idx_ints(folder / f"qmnist-{part}-labels-idx2-int.gz", labels)
        self.assert_same(folder)
        beyond = parts()[3] + 1001
        idx_ints(folder / "qmnist-test-labels-idx2-int.gz", beyond)
        self.assert_refused(folder, "qmnist-test-labels-idx2-int.gz", f"label {beyond[0]} of image 0", "out of range")

    def test_one_of_several_sets_is_named_by_its_beginning(self):
        folder = idx_set(self.directory / "emnist", "emnist-digits-{part}-{kind}-idx{dims}-ubyte.gz", test="test")
        idx_set(folder, "emnist-mnist-{part}-{kind}-idx{dims}-ubyte.gz", test="test")
        self.assert_refused(folder, "several data sets", "emnist-digits", "emnist-mnist")
        self.assert_same(folder / "emnist-mnist")

    def test_letters_count_from_one_and_have_names(self):
        train_images, train_labels, test_images, test_labels = parts()
        folder = self.directory / "letters"
        for part, images, labels in ("train", train_images, train_labels), ("test", test_images, test_labels):
            idx(folder / f"emnist-letters-{part}-images-idx3-ubyte", images.transpose(0, 2, 1))
            idx(folder / f"emnist-letters-{part}-labels-idx1-ubyte", labels + 1)
        summary, _ = self.assert_same(folder, "--transpose")
        self.assertEqual(summary["class_names"], [str(i) for i in range(1, 11)])
        write(folder / "emnist-letters-mapping.txt", "".join(f"{i} {64 + i} {96 + i}\n" for i in range(1, 11)).encode())
        self.assertEqual(self.look(folder)[0]["class_names"], list("ABCDEFGHIJ"))

    def test_arrays_of_numpy(self):
        train_images, train_labels, test_images, test_labels = parts()
        file = self.directory / "mnist.npz"
        for save in np.savez, np.savez_compressed:
            save(file, x_train=train_images, y_train=train_labels.astype(np.int64), x_test=test_images,
                 y_test=test_labels.reshape(-1, 1).astype(">i2").astype("<i2"))
            summary, shown = self.assert_same(file)
            self.assertEqual(summary["data"], "npz")
        np.savez(self.directory / "medmnist.npz", train_images=train_images[:60], train_labels=train_labels[:60],
                 val_images=train_images[60:], val_labels=train_labels[60:], test_images=test_images,
                 test_labels=test_labels)
        summary, _ = self.assert_same(self.directory / "medmnist.npz")
        self.assertEqual(summary["validation_images"], TRAIN - 60)
        folder = self.directory / "downloaded"
        folder.mkdir()
        file.rename(folder / "mnist.npz")
        self.assert_same(folder)
        np.savez(file, x_train=train_images, y_train=train_labels.astype("S1"), x_test=test_images, y_test=test_labels)
        self.assert_refused(file, "y_train", "'|S1'")
        np.savez(file, x_train=train_images, y_train=train_labels[1:], x_test=test_images, y_test=test_labels)
        self.assert_refused(file, "y_train", "96 images need a label each")

    def test_arrays_as_programs_prepared_them(self):
        train_images, train_labels, test_images, test_labels = parts()
        file = self.directory / "prepared.npz"
        one_hot = np.eye(10, dtype=np.float32)[train_labels]
        save = lambda images, labels: np.savez(file, x_train=images, y_train=labels, x_test=test_images,
                                               y_test=test_labels)
        for images, labels in (((train_images / 255).astype(np.float32), one_hot),
                               ((train_images / 255).astype(">f8"), train_labels.astype(">i4")),
                               (np.asfortranarray(train_images), train_labels.astype(np.float64)),
                               (train_images.astype(np.float32), one_hot.astype(bool)),
                               (train_images.astype(">u2"), np.asfortranarray(one_hot))):
            save(images, labels)
            summary, shown = self.assert_same(file)
            self.assertEqual("from 0 to 1 are taken times 255" in shown, images.max() <= 1, shown)
        for images, labels, text in ((train_images / 127.5 - 1, train_labels, "has numbers from -1 to 1;"),
                                     (train_images * np.float32(np.nan), train_labels, "is not finite"),
                                     (train_images.astype(np.int32) + 1, train_labels, "has numbers from 1 to 256;"),
                                     (train_images, one_hot * 2, "the row of image 0 is not a 1 among zeros"),
                                     (train_images, train_labels + 0.5, "no whole number"),
                                     (train_images[:, 0], train_labels, "images are [count, height, width]")):
            save(images, labels)
            self.assert_refused(file, "prepared.npz", text)
        np.savez(file, a=train_images)
        self.assert_refused(file, "has no array x_train", "there are a")

    def table(self, path, images, labels, header):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            if header:
                writer.writerow(["label"] * (labels is not None) + [f"pixel{i}" for i in range(images[0].size)])
            for i, image in enumerate(images):
                writer.writerow(([labels[i]] if labels is not None else []) + image.ravel().tolist())

    def test_tables(self):
        train_images, train_labels, test_images, test_labels = parts()
        for header in (False, True):
            folder = self.directory / f"csv{header}"
            folder.mkdir()
            self.table(folder / "mnist_train.csv", train_images, train_labels, header)
            self.table(folder / "mnist_test.csv", test_images, test_labels, header)
            self.assert_same(folder)
        # Kaggle's competition: the test has no labels.
        self.table(folder / "mnist_test.csv", test_images, None, True)
        summary, shown = self.look(folder)
        self.assertEqual(summary["test_images"], TRAIN // 5)
        self.assertIn("every fifth", shown)
        self.assertEqual(self.look(folder / "mnist_train.csv")[0]["data_sha256"], summary["data_sha256"])
        with open(folder / "mnist_train.csv", "a") as file:
            file.write(",".join(["3"] * 784 + ["256"]) + "\n")
        self.assert_refused(folder, "mnist_train.csv, line 98", "'256' in column 785")

    def cifar(self, folder, label_bytes=1):
        random = np.random.default_rng(5)
        images = random.integers(0, 256, (60, 32, 32, 3)).astype(np.uint8)
        labels = np.arange(60, dtype=np.uint8) % 10
        folder.mkdir(parents=True)
        records = [bytes([9] * (label_bytes - 1) + [label]) + image.transpose(2, 0, 1).tobytes()
                   for image, label in zip(images, labels)]
        batches = ([f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"] if label_bytes == 1
                   else ["train.bin", "test.bin"])
        size = len(records) // len(batches)
        for i, name in enumerate(batches):
            (folder / name).write_bytes(b"".join(records[i * size:(i + 1) * size]))
        (folder / ("batches.meta.txt" if label_bytes == 1 else "fine_label_names.txt")).write_text("\n".join(NAMES) + "\n\n")
        np.savez(self.directory / f"cifar{label_bytes}.npz", x_train=images[:size * (len(batches) - 1)],
                 y_train=labels[:size * (len(batches) - 1), None], x_test=images[-size:], y_test=labels[-size:, None])
        return self.look(self.directory / f"cifar{label_bytes}.npz", model="cifar10_fast")[0]["data_sha256"]

    def test_cifar_and_archives_of_it(self):
        for label_bytes in (1, 2):
            folder = self.directory / f"cifar{label_bytes}" / "cifar-batches-bin"
            wanted = self.cifar(folder, label_bytes)
            archive = self.directory / f"cifar{label_bytes}.tar.gz"
            with tarfile.open(archive, "w:gz") as tar:
                tar.add(folder, folder.name)
            for data in folder, folder.parent, archive:
                summary, _ = self.look(data, model="cifar10_fast")
                self.assertEqual(summary["data_sha256"], wanted)
                self.assertEqual(summary["class_names"], NAMES)
        batch = folder / "test.bin"
        batch.write_bytes(batch.read_bytes()[:-1])
        self.assert_refused(folder, "test.bin", "no whole records of 3074")
        python = self.directory / "cifar-10-batches-py"
        write(python / "data_batch_1", b"\x80\x02}")
        self.assert_refused(python, "Python version", "binary version")

    def test_an_archive_of_each_form(self):
        folder = idx_set(self.directory / "idx", "{part}-{kind}-idx{dims}-ubyte.gz")
        train_images, train_labels, test_images, test_labels = parts()
        arrays = io.BytesIO()
        np.savez(arrays, x_train=train_images, y_train=train_labels, x_test=test_images, y_test=test_labels)
        archive = self.directory / "archive.zip"
        for files in ({path.name: path.read_bytes() for path in folder.iterdir()}, {"mnist.npz": arrays.getvalue()}):
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                for name, content in files.items():
                    file.writestr(name, content)
            self.assert_same(archive)


if __name__ == "__main__":
    harness.main()
