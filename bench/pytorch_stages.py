#!/usr/bin/env python3
"""Where a training step of PyTorch's goes: the counterpart of bench/step_stages, for compare_stages.sh.

One thread, batches of 128, layer by layer, forward and backward: every layer gets what the layer before it made and
the gradient that the one behind it returns, as in a step, with a stopwatch between them. First checks that the
gradients of such steps are those of a plain one, to the bit. Prints a line a layer, named as models/ has it, with the
microseconds an image of its forward and of its backward pass, and one of the optimizer.

usage: pytorch_stages.py --model notebook|lenet5|deep|cifar10_fast|cifar10_good [--channels-last] [--steps 30]
"""
import argparse
import statistics
import sys
import time

import torch
from torch import nn

from pytorch_train import BATCH, NETWORKS, WARM_UP_STEPS, Residual, images_for, network


def plain_layers(model):
    """The layers in their order; where a residual block begins and ends, "skip" and "add"."""
    for layer in model:
        if isinstance(layer, Residual):
            yield "skip"
            yield from layer.layers
            yield "add"
        else:
            yield layer


def named_layers(model):
    """(name, layer): names as in models/, where layers count from their convolution on."""
    layers = list(plain_layers(model))
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    convolutions = dropouts = 0
    previous = None
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            convolutions += 1
            name = f"conv{convolutions}"
        elif isinstance(layer, nn.MaxPool2d):
            name = f"pool{convolutions}"
        elif isinstance(layer, nn.BatchNorm2d):
            name = f"norm{convolutions}"
        elif isinstance(layer, nn.Linear):
            name = "output" if layer is linear[-1] else f"dense{linear.index(layer) + 1}"
        elif isinstance(layer, nn.Dropout):
            dropouts += 1
            name = f"dropout{dropouts}"
        elif isinstance(layer, nn.Flatten):
            name = "flatten"
        elif layer in ("skip", "add"):
            name = f"add{convolutions}"
        elif previous.startswith("norm"):
            name = f"relu{convolutions}"
        else:  # the ReLU of the convolution or dense layer before it
            name = previous
        previous = name
        yield name, layer


class Watch:
    """Adds up the seconds between its laps, by name."""

    def __init__(self):
        self.seconds = {}
        self.start()

    def start(self):
        self.begin = time.perf_counter()

    def lap(self, name):
        end = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0) + end - self.begin
        self.begin = time.perf_counter()


def pass_of(layers, images, labels, watch):
    """Forward and backward, a layer at a time."""
    inputs, outputs, skips = [], [], []
    values = images
    watch.start()
    for index, (name, layer) in enumerate(layers):
        source = values.detach().requires_grad_(index > 0)
        inputs.append(source)
        if layer == "skip":
            skips.append(source)
            values = source
        elif layer == "add":
            values = skips.pop() + source
        else:
            values = layer(source)
        outputs.append(values)
        watch.lap(f"{name} forward")
    logits = values.detach().requires_grad_()
    nn.functional.cross_entropy(logits, labels).backward()
    gradient = logits.grad
    watch.lap("loss")
    d_skips = []
    for (name, layer), source, output in zip(reversed(layers), reversed(inputs), reversed(outputs)):
        if layer == "add":
            d_skips.append(gradient)
        elif layer == "skip":
            gradient = gradient + d_skips.pop()
        else:
            output.backward(gradient)
            gradient = source.grad
        watch.lap(f"{name} backward")


def check(model, layers, images, labels):
    """The gradients of the two ways are the same bits."""
    torch.manual_seed(1)
    model.zero_grad(set_to_none=True)
    nn.functional.cross_entropy(model(images), labels).backward()
    expected = [parameter.grad.clone() for parameter in model.parameters()]
    torch.manual_seed(1)
    model.zero_grad(set_to_none=True)
    pass_of(layers, images, labels, Watch())
    if not all(torch.equal(parameter.grad, wanted) for parameter, wanted in zip(model.parameters(), expected)):
        sys.exit("pytorch_stages.py: the gradients are not those of a plain step: not measured")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=NETWORKS, default="notebook")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    model = network(arguments.model).to(memory_format=layout)
    layers = list(named_layers(model))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7)
    images, labels = images_for(arguments.model, BATCH * 8)
    images = images.to(memory_format=layout)
    check(model, layers, images[:BATCH], labels[:BATCH])
    rows = {}
    for step in range(WARM_UP_STEPS + arguments.steps):
        at = step % 8 * BATCH
        watch = Watch()
        optimizer.zero_grad(set_to_none=True)
        pass_of(layers, images[at:at + BATCH], labels[at:at + BATCH], watch)
        optimizer.step()
        watch.lap("update")
        if step >= WARM_UP_STEPS:
            for name, seconds in watch.seconds.items():
                rows.setdefault(name, []).append(seconds)
    for name, seconds in rows.items():
        print(f"{name}\t{statistics.median(seconds) / BATCH * 1e6:.2f}")


if __name__ == "__main__":
    main()
