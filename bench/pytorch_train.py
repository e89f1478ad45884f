#!/usr/bin/env python3
"""Trains a network of models/ with PyTorch DistributedDataParallel over gloo and prints images/s.

The counterpart of the trainer in compare_pytorch.sh: the same network, batch, optimizer and number of
images; one thread a rank; images already in memory as floats; only steps are timed, after a warm-up.

With --until ACCURACY it trains on MNIST instead, as the trainer does (the last fifth of the training
images held out, all of the rest once an epoch), and prints the epochs and seconds that it took until
the test images are recognised with that accuracy: from the start of the program, tests included.

usage: pytorch_train.py --model notebook|lenet5|deep|cifar10_fast|cifar10_good --ranks N [--channels-last] [--steps 150]
       pytorch_train.py ... --until 0.99 --data DIR
"""
import time

START = time.perf_counter()

# pylint: disable=wrong-import-position
import argparse
import gzip
import os
import statistics

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

BATCH = 128
WARM_UP_STEPS = 20
NETWORKS = ["notebook", "lenet5", "deep", "cifar10_fast", "cifar10_good"]


def conv(inputs, filters, kernel, padding=0):
    return [nn.Conv2d(inputs, filters, kernel, padding=padding), nn.ReLU()]


class Residual(nn.Module):
    """What the layers make of the values, added to them."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, values):
        return values + self.layers(values)


def normalized(inputs, filters, pool=None):
    """As models/cifar10_good.textproto has it: convolution, pool, normalization, ReLU."""
    return [nn.Conv2d(inputs, filters, 3, padding=1, bias=False), *([pool] if pool else []),
            nn.BatchNorm2d(filters), nn.ReLU()]


def network(name):
    pool = nn.MaxPool2d(2)
    if name == "cifar10_fast":
        layers = [*conv(3, 32, 3, padding=1), pool, *conv(32, 64, 3, padding=1), pool,
                  *conv(64, 128, 3, padding=1), pool, *conv(128, 256, 3, padding=1), pool, nn.Flatten(),
                  nn.Dropout(0.2), nn.Linear(1024, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10)]
    elif name == "cifar10_good":
        layers = [*normalized(3, 48), *normalized(48, 96, pool),
                  Residual(*normalized(96, 96), *normalized(96, 96)),
                  *normalized(96, 192, pool), *normalized(192, 384, pool),
                  Residual(*normalized(384, 384), *normalized(384, 384)),
                  nn.MaxPool2d(4), nn.Flatten(), nn.Linear(384, 10)]
    elif name == "notebook":
        layers = [*conv(1, 32, 3), pool, *conv(32, 64, 3), pool, nn.Flatten(),
                  nn.Linear(1600, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    elif name == "lenet5":
        layers = [*conv(1, 6, 5, padding=2), pool, *conv(6, 16, 5), pool, nn.Flatten(),
                  nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    else:
        layers = [*conv(1, 32, 3, padding=1), pool, *conv(32, 64, 3, padding=1),
                  *conv(64, 128, 3, padding=1), pool, nn.Flatten(),
                  nn.Linear(128 * 7 * 7, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)]
    return nn.Sequential(*layers)


def images_for(name, count):
    """Blobs of MNIST's size, or CIFAR's: what the pixels show does not matter for the speed."""
    generator = torch.Generator().manual_seed(1)
    shape = (3, 32, 32) if name.startswith("cifar10") else (1, 28, 28)
    images = torch.rand(count, *shape, generator=generator)
    images[images < 0.8] = 0
    return images, torch.randint(0, 10, (count,), generator=generator)


def idx(directory, name, header):
    """The values of one of MNIST's files, gzipped or not."""
    path = os.path.join(directory, name)
    opener = gzip.open if os.path.exists(path + ".gz") else open
    with opener(path + ".gz" if opener is gzip.open else path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def mnist(directory, part):
    images = torch.from_numpy(idx(directory, part + "-images-idx3-ubyte", 16).astype(np.float32) / 255)
    labels = torch.from_numpy(idx(directory, part + "-labels-idx1-ubyte", 8).astype(np.int64))
    return images.reshape(-1, 1, 28, 28), labels


def accuracy_of(model, images, labels):
    model.eval()
    with torch.no_grad():
        right = sum((model(images[at:at + 1000]).argmax(1) == labels[at:at + 1000]).sum().item()
                    for at in range(0, len(labels), 1000))
    model.train()
    return right / len(labels)


def train_until(model, optimizer, layout, rank, arguments):
    """Every rank tests, so that all of them stop at the same epoch."""
    images, labels = mnist(arguments.data, "train")
    held_out = len(labels) // 5
    images = images[:-held_out].to(memory_format=layout)
    test_images, test_labels = mnist(arguments.data, "t10k")
    test_images = test_images.to(memory_format=layout)
    loss_of = nn.CrossEntropyLoss()
    share = BATCH // arguments.ranks
    shuffle = torch.Generator().manual_seed(arguments.seed)
    plain = model.module if arguments.ranks > 1 else model
    for epoch in range(1, arguments.most_epochs + 1):
        order = torch.randperm(len(images), generator=shuffle)
        for at in range(0, len(order) - BATCH + 1, BATCH):
            mine = order[at + rank * share:at + (rank + 1) * share]
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(images[mine]), labels[mine]).backward()
            optimizer.step()
        accuracy = accuracy_of(plain, test_images, test_labels)
        if accuracy >= arguments.until:
            break
    else:
        epoch = 0
    if rank == 0:
        print(f"{epoch} {time.perf_counter() - START + arguments.started:.1f}")


def run(rank, arguments):
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    if arguments.ranks > 1:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", str(arguments.port))
        dist.init_process_group("gloo", rank=rank, world_size=arguments.ranks)
    model = network(arguments.model)
    layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    model = model.to(memory_format=layout)
    if arguments.ranks > 1:
        model = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)
    if arguments.until is not None:
        train_until(model, optimizer, layout, rank, arguments)
    else:
        time_steps(model, optimizer, layout, rank, arguments)
    if arguments.ranks > 1:
        dist.destroy_process_group()


def time_steps(model, optimizer, layout, rank, arguments):
    loss_of = nn.CrossEntropyLoss()
    share = BATCH // arguments.ranks
    images, labels = images_for(arguments.model, share * 32)
    images = images.to(memory_format=layout)
    seconds = []
    for step in range(WARM_UP_STEPS + arguments.steps):
        begin = time.perf_counter()
        at = (step % 32) * share
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(images[at:at + share]), labels[at:at + share]).backward()
        optimizer.step()
        if step >= WARM_UP_STEPS:
            seconds.append(time.perf_counter() - begin)
    if rank == 0:
        print(f"{BATCH / statistics.fmean(seconds):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=NETWORKS, default="notebook")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--port", type=int, default=29500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--until", type=float)
    parser.add_argument("--most-epochs", type=int, default=20)
    parser.add_argument("--data")
    arguments = parser.parse_args()
    if arguments.until is not None and not arguments.data:
        parser.error("--until needs --data DIR")
    # Processes of their own begin to count when they start.
    arguments.started = time.perf_counter() - START if arguments.ranks > 1 else 0
    if arguments.ranks == 1:
        run(0, arguments)
    else:
        mp.spawn(run, args=(arguments,), nprocs=arguments.ranks)


if __name__ == "__main__":
    main()
