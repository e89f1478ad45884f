#!/usr/bin/env python3
"""Trains a network of models/ with PyTorch DistributedDataParallel over gloo and prints images/s.

The counterpart of the trainer in compare_pytorch.sh: the same network, batch, optimizer and number of
images; one thread a rank; images already in memory as floats; only steps are timed, after a warm-up.

usage: pytorch_train.py --model notebook|lenet5|deep --ranks N [--channels-last] [--steps 150]
"""
import argparse
import os
import statistics
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

BATCH = 128
WARM_UP_STEPS = 20


def conv(inputs, filters, kernel, padding=0):
    return [nn.Conv2d(inputs, filters, kernel, padding=padding), nn.ReLU()]


def network(name):
    pool = nn.MaxPool2d(2)
    if name == "notebook":
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


def digits(count):
    """Grey blobs of MNIST's size: what the pixels show does not matter for the speed."""
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(count, 1, 28, 28, generator=generator)
    images[images < 0.8] = 0
    return images, torch.randint(0, 10, (count,), generator=generator)


def run(rank, arguments):
    torch.set_num_threads(1)
    torch.manual_seed(0)
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
    loss_of = nn.CrossEntropyLoss()
    share = BATCH // arguments.ranks
    images, labels = digits(share * 32)
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
    if arguments.ranks > 1:
        dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=["notebook", "lenet5", "deep"], default="notebook")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--port", type=int, default=29500)
    arguments = parser.parse_args()
    if arguments.ranks == 1:
        run(0, arguments)
    else:
        mp.spawn(run, args=(arguments,), nprocs=arguments.ranks)


if __name__ == "__main__":
    main()
