#!/usr/bin/env python3
"""Trains the notebook's network in PyTorch and compares its losses with Convoy's.

Both start from the same weights and take the same images in the same order, without dropout. PyTorch
runs in single precision, as people do, and in double. Images on which a pool or ReLU is near a tie
are left out (parity_dump.cc says why) unless the last argument is "plain". Needs Debian's
python3-torch and MNIST in $CONVOY_DATA.

Usage: pytorch_parity.py CONVOY_PARITY_DUMP [STEPS [SEED [clear|plain]]]
Exit code: 0 the losses agree with both, 1 they do not, 77 not tried: python3-torch or MNIST is missing.
"""

import gzip
import os
import pathlib
import subprocess
import sys
import tempfile

TOLERANCE = 1e-4  # relative, of every step's loss
BATCH_SIZE = 128
SKIPPED = 77

try:
    import numpy
    import torch
    from torch.nn import functional
except ImportError as error:
    print(f"skipped: {error}; install Debian's python3-torch")
    sys.exit(SKIPPED)

# Name and shape of every parameter, in the order in which Convoy stores them (Keras's layouts).
PARAMETERS = [
    ("conv1/kernel", (3, 3, 1, 32)), ("conv1/bias", (32,)),
    ("conv2/kernel", (3, 3, 32, 64)), ("conv2/bias", (64,)),
    ("dense1/kernel", (1600, 128)), ("dense1/bias", (128,)),
    ("output/kernel", (128, 10)), ("output/bias", (10,)),
]


def read_idx(directory, name):
    """Returns the bytes of an IDX file, gzipped or not, as an array of its shape."""
    path = pathlib.Path(directory, name)
    content = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    axes = content[3]
    shape = [int.from_bytes(content[4 + 4 * i:8 + 4 * i], "big") for i in range(axes)]
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * axes).reshape(shape)


def read_weights(path, dtype):
    """Returns the parameters as tensors of `dtype` in Keras's layouts, by name."""
    values = numpy.fromfile(path, "<f4").astype(dtype)
    weights, offset = {}, 0
    for name, shape in PARAMETERS:
        size = int(numpy.prod(shape))
        weights[name] = torch.tensor(values[offset:offset + size].reshape(shape), requires_grad=True)
        offset += size
    assert offset == values.size, f"{path} has {values.size} values, not {offset}"
    return weights


def logits(weights, images):
    """images [n, 28, 28] from 0 to 1. PyTorch's layouts: images NCHW, kernels OIHW."""
    x = images.unsqueeze(1)
    for layer in ("conv1", "conv2"):
        kernel = weights[f"{layer}/kernel"].permute(3, 2, 0, 1)
        x = functional.max_pool2d(functional.relu(functional.conv2d(x, kernel, weights[f"{layer}/bias"])), 2)
    x = x.permute(0, 2, 3, 1).flatten(1)  # Keras flattens height, width, channels
    x = functional.relu(x @ weights["dense1/kernel"] + weights["dense1/bias"])
    return x @ weights["output/kernel"] + weights["output/bias"]


class KerasAdam:
    """Keras's Adam: epsilon is added to sqrt(v) before the correction, unlike torch.optim.Adam."""

    def __init__(self, tensors, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.tensors = tensors
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.moments = [(torch.zeros_like(t), torch.zeros_like(t)) for t in tensors]
        self.step_count = 0

    @torch.no_grad()
    def step(self):
        self.step_count += 1
        alpha = (self.learning_rate * (1 - self.beta_2 ** self.step_count) ** 0.5
                 / (1 - self.beta_1 ** self.step_count))
        for tensor, (m, v) in zip(self.tensors, self.moments):
            m += (tensor.grad - m) * (1 - self.beta_1)
            v += (tensor.grad ** 2 - v) * (1 - self.beta_2)
            tensor -= alpha * m / (v.sqrt() + self.epsilon)
            tensor.grad = None


def train(weights, images, labels, order, dtype):
    """Returns the loss of each batch of `order` [steps, batch size], computed in `dtype`."""
    optimizer = KerasAdam(list(weights.values()))
    losses = []
    for batch in order:
        pixels = torch.tensor(images[batch].astype(dtype) / dtype(255))
        loss = functional.cross_entropy(logits(weights, pixels), torch.tensor(labels[batch].astype(numpy.int64)))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def differences(actual, expected):
    return [abs(a - e) / abs(e) for a, e in zip(actual, expected)]


def show(actual, double, single):
    """Prints the three runs' losses and how far Convoy's are from the other two."""
    print("step      convoy     pytorch  difference   in double  difference")
    rows = zip(actual, single, differences(actual, single), double, differences(actual, double))
    for step, (a, s, from_single, d, from_double) in enumerate(rows, start=1):
        print(f"{step:4}  {a:10.7f}  {s:10.7f}  {from_single:10.2e}  {d:10.7f}  {from_double:10.2e}")


def main():
    data = os.environ.get("CONVOY_DATA")
    if not data:
        print("skipped: CONVOY_DATA is not set; give it MNIST's directory")
        return SKIPPED
    torch.set_num_threads(1)
    dump, steps, seed, which = sys.argv[1:] + ["20", "42", "clear"][len(sys.argv) - 2:]
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([dump, directory, steps, seed, which], check=True)
        order = numpy.fromfile(f"{directory}/order.u32", "<u4").reshape(int(steps), BATCH_SIZE)
        actual = [float(line) for line in pathlib.Path(directory, "losses.txt").read_text().split()]
        images = read_idx(data, "train-images-idx3-ubyte")
        labels = read_idx(data, "train-labels-idx1-ubyte")
        single, double = (train(read_weights(f"{directory}/weights.f32", dtype), images, labels, order, dtype)
                          for dtype in (numpy.float32, numpy.float64))
    show(actual, double, single)
    from_single, from_double = max(differences(actual, single)), max(differences(actual, double))
    print(f"PyTorch {torch.__version__}: largest relative difference {from_single:.2e}, from double {from_double:.2e}, "
          f"PyTorch's own {max(differences(single, double)):.2e}; allowed {TOLERANCE:.0e}")
    return 0 if max(from_single, from_double) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
