#!/usr/bin/env python3
"""Data that cannot be trained on: one line that names the file, exit code 2, nothing left behind."""
import gzip
import os
import resource
import shutil
import struct
import sys
import zlib

sys.dont_write_bytecode = True

import numpy as np

import datasets
import harness
from harness import USAGE

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
ALL_FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
NOBODY = 65534


def endless_gzip(header):
    """A gzip of some kilobytes that inflates to a gigabyte after the header."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(1 << 20)
    return b"".join([compressor.compress(header), *[compressor.compress(megabyte) for _ in range(1024)],
                     compressor.flush()])


class BadDataTest(harness.TrainerTest):
    worlds = (0, 2, 3)

    def setUp(self):
        super().setUp()
        self.data = datasets.write(self.directory / "data", *datasets.draw(60, 1), *datasets.draw(20, 2))

    def refuse(self, *words, worlds=(0,), flags=(), env=None, **where):
        for ranks in worlds:
            with self.subTest(words=words, ranks=ranks):
                run = self.directory / "run"
                outcome = self.run_trainer("--run-dir", run, *(flags or ["--data", self.data]),
                                           ranks=ranks, env=env, **where)
                self.assert_refused(outcome, USAGE, *words)
                self.assertFalse(run.exists())

    def edit(self, name, change):
        path = self.data / name
        path.write_bytes(change(path.read_bytes()))
        return path

    def restore(self):
        datasets.write(self.data, *datasets.draw(60, 1), *datasets.draw(20, 2))

    def network_as_written(self):
        """Flags for a network from a file, which does not follow the data as a built-in one does."""
        path = self.directory / "notebook.textproto"
        shutil.copy(harness.ROOT / "models" / "notebook.textproto", path)
        return ["--data", self.data, "--model", path]

    def test_missing_directory(self):
        nowhere = self.directory / "nowhere"
        self.refuse(str(nowhere), worlds=self.worlds, flags=["--data", nowhere])
        self.refuse(str(nowhere), flags=["--epochs", 1], env={"CONVOY_DATA": str(nowhere)})
        self.refuse(str(self.data / TRAIN_IMAGES), flags=["--data", self.data / TRAIN_IMAGES])

    def test_missing_files(self):
        for name in ALL_FILES:
            (self.data / name).unlink()
            self.refuse(name, str(self.data), worlds=self.worlds if name == TEST_LABELS else (0,))
            self.restore()

    def test_unreadable_files(self):
        for name in ALL_FILES:
            with self.subTest("a directory in its place", name=name):
                (self.data / name).unlink()
                (self.data / name).mkdir()
                self.refuse(str(self.data), name)  # a folder beside the file is nothing odd, so it is passed over
                (self.data / name).rmdir()
                self.restore()
        os.mkfifo(self.data / (TEST_IMAGES + ".fifo"))
        os.replace(self.data / (TEST_IMAGES + ".fifo"), self.data / TEST_IMAGES)
        self.refuse(str(self.data / TEST_IMAGES), worlds=(0, 2))

    def test_file_without_permission(self):
        path = self.data / TRAIN_LABELS
        path.chmod(0)
        if os.geteuid() == 0:  # whom permissions do not stop
            self.directory.chmod(0o755)
            self.refuse(str(path), "Permission denied", user=NOBODY)
        else:
            self.refuse(str(path), "Permission denied", worlds=self.worlds)

    def test_truncated_and_oversized(self):
        for name in ALL_FILES:
            for change, word in [(lambda data: data[:-1], "cut short"), (lambda data: data[:3], "cut short"),
                                 (lambda data: b"", "cut short"), (lambda data: data + b"\0", "")]:
                worlds = self.worlds if name == TRAIN_IMAGES and word == "" else (0,)
                self.refuse(str(self.edit(name, change)), word, worlds=worlds)
                self.restore()

    def test_wrong_magic(self):
        for name, other in [(TRAIN_IMAGES, TRAIN_LABELS), (TEST_LABELS, TEST_IMAGES)]:
            content = (self.data / other).read_bytes()
            self.refuse(str(self.edit(name, lambda _: content)), "IDX", worlds=self.worlds)
            self.restore()
        self.refuse(str(self.edit(TRAIN_LABELS, lambda _: b"<html>404 not found</html>")), "web page")
        self.restore()
        self.refuse(str(self.edit(TRAIN_IMAGES, lambda data: data[:2] + b"\x0d" + data[3:])), "0x0d")

    def test_sizes_beyond_all_memory(self):
        huge = struct.pack(">BBBBIII", 0, 0, 8, 3, 0xFFFFFFFF, 0xFFFF, 0xFFFF)
        self.refuse(str(self.edit(TRAIN_IMAGES, lambda _: huge)), worlds=self.worlds)
        self.refuse(str(self.edit(TRAIN_IMAGES, lambda data: data[:4] + bytes(4) + data[8:])))

    def test_counts_that_differ(self):
        for half, labels, images in [("train", TRAIN_LABELS, TRAIN_IMAGES), ("t10k", TEST_LABELS, TEST_IMAGES)]:
            datasets.write_idx(self.data / labels, np.zeros(19))
            self.refuse(str(self.data / images), str(self.data / labels), "19",
                        worlds=self.worlds if half == "train" else (0,))
            self.restore()

    def test_labels_beyond_the_classes(self):
        self.edit(TEST_LABELS, lambda data: data[:-1] + b"\x0b")
        self.refuse(str(self.data / TEST_LABELS), "11", worlds=self.worlds)
        self.restore()
        self.edit(TRAIN_LABELS, lambda data: data[:-1] + b"\x0b")
        self.refuse("notebook", str(self.data), "units", worlds=self.worlds, flags=self.network_as_written())

    def test_images_of_another_size(self):
        datasets.write(self.data, np.ones((60, 14, 28)), np.arange(60) % 10,
                       np.ones((20, 14, 28)), np.arange(20) % 10)
        self.refuse("notebook", str(self.data), "14", worlds=self.worlds, flags=self.network_as_written())
        datasets.write_idx(self.data / TEST_IMAGES, np.ones((20, 28, 28)))
        self.refuse(str(self.data / TEST_IMAGES))

    def test_damaged_gzip(self):
        for name in (TRAIN_IMAGES, TEST_LABELS):
            plain = (self.data / name).read_bytes()
            (self.data / name).unlink()
            path = self.data / f"{name}.gz"
            packed = gzip.compress(plain, mtime=0)
            flipped = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
            for content in (packed[: len(packed) // 2], packed[:5], flipped, packed + b"more"):
                path.write_bytes(content)
                self.refuse(str(path), worlds=self.worlds if content == flipped else (0,))
            path.unlink()
            self.restore()

    def test_gzip_without_end(self):
        header = (self.data / TRAIN_IMAGES).read_bytes()[:16]
        (self.data / TRAIN_IMAGES).unlink()
        path = self.data / f"{TRAIN_IMAGES}.gz"
        path.write_bytes(endless_gzip(header))
        # Far too little for a gigabyte.
        self.refuse(str(path), preexec_fn=lambda: limit_memory(512 << 20))
        self.refuse(str(path), worlds=(2,))

    def test_a_split_that_leaves_no_images(self):
        for split in ("1", "0.999", "-0.1", "nan"):
            self.refuse("--validation-split", flags=["--data", self.data, "--validation-split", split],
                        worlds=self.worlds if split == "0.999" else (0,))
        for limit in ("-1", "61", "1"):
            self.refuse("--train-limit", flags=["--data", self.data, "--train-limit", limit])


def limit_memory(num_bytes):
    resource.setrlimit(resource.RLIMIT_AS, (num_bytes, num_bytes))


if __name__ == "__main__":
    harness.main()
