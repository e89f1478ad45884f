#!/usr/bin/env python3
"""Copies MNIST with gaussian noise on its training images: noisy_mnist.py SOURCE TARGET.

Each training image gets a noise level of its own, between 0 and 0.5 (white is 1), as the notebook's
add_noise does it; test images and all labels stay as they are.
"""
import gzip
import pathlib
import sys

import numpy as np

source, target = map(pathlib.Path, sys.argv[1:])
target.mkdir(parents=True)
random = np.random.default_rng(42)
for name in ("train-images", "train-labels", "t10k-images", "t10k-labels"):
    path = next(source.glob(name + "?idx*"))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if name == "train-images":
        header, images = content[:16], np.frombuffer(content, np.uint8, offset=16).reshape(-1, 784)
        levels = random.uniform(0, 0.5, (len(images), 1)).astype(np.float32)
        noise = random.standard_normal(images.shape, np.float32) * levels
        content = header + np.rint(np.clip(images / np.float32(255) + noise, 0, 1) * 255).astype(np.uint8).tobytes()
    (target / path.name.removesuffix(".gz")).write_bytes(content)
