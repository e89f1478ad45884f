"""Small sets of 28 x 28 digits in IDX files: the first of MNIST where $CONVOY_DATA says where it
is, otherwise drawn here, so that no test needs data."""
import functools
import gzip
import os
import pathlib
import struct
import tempfile

import numpy as np

TRAIN_IMAGES = 1600
TEST_IMAGES = 320
CLASSES = 10
SIDE = 28
_kept = []  # directories that live as long as the process


def write_idx(path, array):
    """Writes an array of bytes as an IDX file (its format: docs/data.md)."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    pathlib.Path(path).write_bytes(header + np.ascontiguousarray(array, dtype=np.uint8).tobytes())


def write(directory, train_images, train_labels, test_images, test_labels):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    write_idx(directory / "train-images-idx3-ubyte", train_images)
    write_idx(directory / "train-labels-idx1-ubyte", train_labels)
    write_idx(directory / "t10k-images-idx3-ubyte", test_images)
    write_idx(directory / "t10k-labels-idx1-ubyte", test_labels)
    return directory


@functools.lru_cache
def directory(train=TRAIN_IMAGES, test=TEST_IMAGES):
    """The directory of a set with that many images."""
    _kept.append(tempfile.TemporaryDirectory(prefix="convoy-e2e-data."))
    return write(_kept[-1].name, *head("train", train), *head("t10k", test))


def head(half, count):
    """The first images and labels of MNIST's half, "train" or "t10k", or as many drawn ones."""
    mnist = os.environ.get("CONVOY_DATA")
    if not mnist:
        return draw(count, seed={"train": 1, "t10k": 2}[half])
    images = _read(mnist, f"{half}-images-idx3-ubyte", 16, count * SIDE * SIDE)
    return images.reshape(count, SIDE, SIDE), _read(mnist, f"{half}-labels-idx1-ubyte", 8, count)


def _read(mnist, name, header_bytes, count):
    path = pathlib.Path(mnist, name)
    with (open(path, "rb") if path.exists() else gzip.open(f"{path}.gz")) as file:
        return np.frombuffer(file.read(header_bytes + count), dtype=np.uint8)[header_bytes:]


def draw(count, seed):
    """Images that a network can tell apart: each class has a blob at its own place, with noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count).astype(np.uint8)
    angle = labels * (2 * np.pi / CLASSES) + random.normal(0, 0.1, count)
    center_y = SIDE / 2 + 8 * np.sin(angle) + random.normal(0, 1, count)
    center_x = SIDE / 2 + 8 * np.cos(angle) + random.normal(0, 1, count)
    y, x = np.mgrid[:SIDE, :SIDE]
    distance = (y - center_y[:, None, None]) ** 2 + (x - center_x[:, None, None]) ** 2
    noise = random.integers(0, 40, (count, SIDE, SIDE))
    return np.clip(220 * np.exp(-distance / 12) + noise, 0, 255).astype(np.uint8), labels
