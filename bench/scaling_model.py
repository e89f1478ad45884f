#!/usr/bin/env python3
"""What several hosts would do: a cost model of a training step (docs/scaling.md), as a small simulator.

    scaling_model.py [--network notebook] [--exchange bfloat16] [--batches 2048,8192] [--micro-batch N]
                     [--link MBIT] [--cores N] [--image-us US] [--update-us US] [--latency-us US]
    scaling_model.py --measured FILE      beside the points that bench/slow_links.sh has written
    scaling_model.py --check PROGRAM      beside the trainer's own model, which the program step_costs prints

A step: each rank computes its micro-batches; in P - 1 rounds of an all-to-all it sends its sums and factors to their
owners; each owner finishes its slice; in P - 1 rounds of an all-gather the new weights go round. In a round a rank
sends to one other and receives from another at the link's rate, and it begins once both are there. What is sent is not
a model but counted as docs/exact_reduction.md says: from the canonical tree, for each rank.

The trainer has the same model (worker/step/step_cost.h), which says at its start what to expect. The two are written
apart, and --check, a test, holds them side by side: a slip in one of them shows.
"""
import argparse
import dataclasses
import functools
import json
import subprocess
import sys

import numpy

NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
WIRE = 1.03  # TCP's, IP's and Ethernet's own bytes
RANKS = (1, 2, 3, 4, 8, 64, 1024)
LINKS = (100, 1000, 10000)  # Mbit/s
BATCHES = (128, 512, 2048)


@dataclasses.dataclass
class Network:
    parameters: int
    inputs: int  # of the dense kernel that may be factored
    units: int
    multiplications: int  # of an image, forward
    number_bytes: int = 4  # of the exchange

    def is_factored(self, batch):
        """As worker/step/sharding_plan.cc decides."""
        elems = self.inputs * self.units
        return elems >= 16384 and batch * (self.inputs + self.units) <= 2 * elems

    def summed(self, batch):
        return self.parameters - (self.inputs * self.units if self.is_factored(batch) else 0)

    def images_per_sum(self, batch):
        """What a sum costs, as worker/step/batch_cuts.cc takes it: images that a core computes meanwhile."""
        return self.summed(batch) * self.number_bytes / 125e6 / (3 * self.multiplications / 100e9)


NETWORKS = {
    "notebook": Network(225034, 1600, 128, 2631040),
    "cifar10_fast": Network(520906, 1024, 128, 15172864),
    "cifar10_good": Network(3702874, 384, 10, 213667584),
}


@dataclasses.dataclass
class Machine:
    cores: int = 2
    image_us: float = 28.0      # forward and backward, on one core
    update_us: float = 300.0    # of all parameters, on one rank: outer products, optimizer
    latency_us: float = 60.0    # of a message
    link_mbit: float = 1000.0
    shared_cores: int = 0       # of a machine that all hosts are namespaces of; 0: each is a machine


def nodes_of(first, last, begin, end):
    """Of how many complete subtrees of the tree over [first, last) the run [begin, end) is made."""
    if end <= first or last <= begin:
        return 0
    if begin <= first and last <= end:
        return 1
    half = 1
    while 2 * half < last - first:
        half *= 2
    return nodes_of(first, first + half, begin, end) + nodes_of(first + half, last, begin, end)


def shares(count, parts):
    """The bounds of even runs of `count` things, the larger ones first."""
    return [count // parts * part + min(part, count % parts) for part in range(parts + 1)]


@functools.lru_cache(maxsize=None)
def bounds_of_ranks(count, micro_batch, ranks, cores, images_per_sum):
    """The bounds of the ranks' runs of `count` micro-batches: as worker/step/batch_cuts.h says, where the images of the
    busiest core and the price of the most sums of a rank are least together."""
    even = shares(count, ranks * cores)[::cores]
    most_load = -(-count // (ranks * cores)) * 9 // 8

    places = [[0], *(sorted({even[cut] // 2**k * 2**k + side * 2**k for k in range(count.bit_length()) for side in (0, 1)})
                     for cut in range(1, ranks)), [count]]
    runs = []  # of each rank: (begin, end, load of the busiest core, sums)
    for rank in range(ranks):
        possible = [(begin, end) for begin in places[rank] for end in places[rank + 1]
                    if begin + (rank == 0) <= end <= count and -(-(end - begin) // cores) <= most_load]
        runs.append([(*run, -(-(run[1] - run[0]) // cores), nodes_of(0, count, *run)) for run in possible])

    def least(fit, add):
        """The chain of runs that fit with the least sum: (sum, bounds); of several that which gives later ranks less."""
        chains = {0: (0, [0])}
        for of_rank in runs:
            longer = {}
            for begin, end, *run in of_rank:
                if begin in chains and fit(*run):
                    value = add(chains[begin][0], *run)
                    if end not in longer or value <= longer[end][0]:
                        longer[end] = value, [*chains[begin][1], end]
            chains = longer
        return chains.get(count)

    most = max(nodes_of(0, count, *run) for run in zip(even, even[1:]))
    deals = [(-(-count // (ranks * cores)) * micro_batch + images_per_sum * most, even)]
    for most_sums in range(1, most):
        light = least(lambda load, sums: sums <= most_sums, lambda value, load, sums: max(value, load))
        if light:
            _, bounds = least(lambda load, sums: sums <= most_sums and load <= light[0],
                              lambda value, load, sums: value + sums)
            deals.append((light[0] * micro_batch + images_per_sum * most_sums, bounds))
    return min(deals, key=lambda deal: deal[0])[1]


def simulate(network, batch, micro_batch, ranks, machine):
    """Returns (seconds a step, bytes that each rank sends)."""
    micro_batches = -(-batch // micro_batch)
    bounds = bounds_of_ranks(micro_batches, micro_batch, ranks, machine.cores, network.images_per_sum(batch))
    ready, to_each = [], []
    for rank in range(ranks):
        mine = bounds[rank + 1] - bounds[rank]
        rounds = -(-mine // machine.cores)  # of the first core, which has the most
        ready.append(rounds * micro_batch * machine.image_us * 1e-6)
        sums = nodes_of(0, micro_batches, bounds[rank], bounds[rank + 1]) * network.summed(batch) / ranks
        factors = mine * micro_batch * (network.inputs / ranks + network.units) * network.is_factored(batch)
        to_each.append((sums + factors) * network.number_bytes)
    slower = max(1, ranks * machine.cores / machine.shared_cores) if machine.shared_cores else 1
    ready = [slower * seconds for seconds in ready]
    update = slower * machine.update_us * 1e-6 / ranks
    ready = exchange(ready, to_each, machine)
    gathered = [network.parameters / ranks * network.number_bytes] * ranks
    ready = exchange(ready + update, gathered, machine)
    sent = [(scattered + parts) * (ranks - 1) for scattered, parts in zip(to_each, gathered)]
    return float(max(ready)), sent


def exchange(ready, bytes_to_each, machine):
    """P - 1 rounds: rank r sends to r + i and receives from r - i. Returns when each rank is done."""
    seconds = numpy.asarray(bytes_to_each) * WIRE * 8 / (machine.link_mbit * 1e6) + machine.latency_us * 1e-6
    ready = numpy.asarray(ready)
    for round_ in range(1, len(ready)):
        begun = numpy.maximum(ready, numpy.roll(ready, round_))  # with the rank that it receives from
        ready = numpy.maximum(ready + seconds, begun + numpy.roll(seconds, round_))
    return ready


def print_predictions(network, machine, links, batches, micro_batch):
    for link in links:
        print(f"\n{link} Mbit/s, hosts of {machine.cores} cores: images/s (times one host)")
        print("batch " + "".join(f"{ranks:>18}" for ranks in RANKS))
        for batch in batches:
            cells, alone = [], None
            for ranks in RANKS:
                machine.link_mbit = link
                seconds, _ = simulate(network, batch, micro_batch, ranks, machine)
                alone = alone or batch / seconds
                cells.append(f"{batch / seconds:>10.0f} ({batch / seconds / alone:4.2f})")
            print(f"{batch:>5} " + "".join(f"{cell:>18}" for cell in cells))


def print_comparison(network, machine, path):
    """Lines of the file: Mbit/s, hosts, batch, measured images/s, measured bytes that the second
    rank sends a step."""
    print(f"{'Mbit/s':>6} {'hosts':>5} {'batch':>5} {'images/s':>9} {'model':>7} {'ratio':>5} {'KB a step':>9} {'model':>6}")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            link, hosts, batch, speed, sent = line.split()
            machine.link_mbit = float(link)
            seconds, sent_by = simulate(network, int(batch), 16, int(hosts), machine)
            model = int(batch) / seconds
            print(f"{link:>6} {hosts:>5} {batch:>5} {float(speed):>9.0f} {model:>7.0f} {float(speed) / model:>5.2f} "
                  f"{float(sent) / 1e3:>9.0f} {sent_by[min(1, int(hosts) - 1)] * WIRE / 1e3:>6.0f}")


def check(program):
    """Compares with what the program prints: in each line a case, the seconds of a step, the bytes that each rank
    sends. What the owners have differs by what is cut at whole cache lines, and messages have a small header."""
    wrong = []
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        point = json.loads(line)
        machine = Machine(point["cores"], point["image_us"], point["update_us"], point["message_us"],
                          point["link_mbit"])
        network = dataclasses.replace(NETWORKS[point["network"]], number_bytes=NUMBER_BYTES[point["exchange"]])
        seconds, sent = simulate(network, point["batch"], point["micro_batch"], point["ranks"],
                                 machine)
        far = [abs(theirs / ours - 1) for theirs, ours in zip([point["seconds"], *point["sent"]], [seconds, *sent])
               if ours > 0]
        if len(point["sent"]) != point["ranks"] or max(far) > 0.05:
            wrong.append(f"{line}\n  here {seconds:.6f} s, {[round(count) for count in sent]} bytes")
    print("\n".join(wrong) or f"{len(lines)} steps, all the same")
    return 1 if wrong or len(lines) < 20 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="notebook")
    parser.add_argument("--exchange", choices=NUMBER_BYTES, default="float32")
    parser.add_argument("--batches", type=lambda text: [int(batch) for batch in text.split(",")], default=BATCHES)
    parser.add_argument("--micro-batch", type=int, default=16)
    parser.add_argument("--link", type=float, help="Mbit/s; 100, 1,000 and 10,000 unless given")
    parser.add_argument("--cores", type=int, default=Machine.cores)
    parser.add_argument("--image-us", type=float, default=Machine.image_us)
    parser.add_argument("--update-us", type=float, default=Machine.update_us)
    parser.add_argument("--latency-us", type=float, default=Machine.latency_us)
    parser.add_argument("--shared-cores", type=int, default=0, help="the hosts are namespaces of a machine with so many")
    parser.add_argument("--measured", metavar="FILE")
    parser.add_argument("--check", metavar="PROGRAM")
    asked = parser.parse_args()
    if asked.check:
        return check(asked.check)
    machine = Machine(asked.cores, asked.image_us, asked.update_us, asked.latency_us,
                      shared_cores=asked.shared_cores)
    network = dataclasses.replace(NETWORKS[asked.network], number_bytes=NUMBER_BYTES[asked.exchange])
    if asked.measured:
        print_comparison(network, machine, asked.measured)
    else:
        print_predictions(network, machine, [asked.link] if asked.link else LINKS, asked.batches, asked.micro_batch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
