#!/usr/bin/env bash
# Where a training step's time goes in Convoy and in PyTorch, in turn: a table of the microseconds an image
# of every convolution with what follows it (pool, normalization, ReLU, sum), of every dense layer, and of
# what comes after the passes, with their ratio. One thread each, batches of 128; PyTorch in the memory
# layout that is the faster as a whole, as bench/compare_pytorch.sh has it. Medians of the turns.
#
# Usage: bench/compare_stages.sh [MODEL [TURNS [MICRO_BATCH [DATA]]]]   (notebook, 3 turns, 16, drawn digits)
#   such as: bench/compare_stages.sh cifar10_good 3 32 CIFAR10
# Needs: python3-torch.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"
source "$CONVOY_ROOT/bench/pytorch.sh"
help_if_asked "$@"

model=${1:-notebook}
turns=${2:-3}
micro_batch=${3:-16}
data=(${4:+"$4"})
need_pytorch
stages=$CONVOY_ROOT/build/release/bench/step_stages
[[ -x $stages ]] || fail 2 "$stages is missing: cmake --build --preset release"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for ((turn = 1; turn <= turns; ++turn)); do
  say "Turn $turn of $turns"
  "$stages" "$model" 20 "$micro_batch" "${data[@]}" >"$scratch/convoy.$turn"
  pytorch_program pytorch_stages.py --model "$model" >"$scratch/contiguous.$turn"
  pytorch_program pytorch_stages.py --model "$model" --channels-last >"$scratch/channels_last.$turn"
done
printf '%s, batch 128, one thread, microseconds an image; %s; commit %s\n' "$model" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
  "$(git -C "$CONVOY_ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
"$python" - "$scratch" "$turns" <<'PYTHON'
import pathlib
import re
import statistics
import sys

scratch, turns = pathlib.Path(sys.argv[1]), int(sys.argv[2])


def part_of(row):
    """conv2 + pool2 forward: ("conv2", "forward"); what is after the passes: ("update", "")."""
    layers = re.findall(r"([a-z]+)(\d+)", row)
    way = row.split()[-1] if row.endswith(("forward", "backward")) else ""
    if not way:
        return ("loss" if row == "loss" else "pixels" if row.startswith("pixels") else "update", "")
    if not layers:
        return ("output", way)
    kind, number = layers[0]
    return (("dense" if kind in ("dense", "dropout") else "conv") + number, way)


def turn_of(program, turn):
    parts = {}
    for line in (scratch / f"{program}.{turn}").read_text().splitlines():
        found = re.match(r"\| ([a-z].*?) \| ([\d.]+) \|", line) or re.match(r"(.*)\t([\d.]+)$", line)
        if found and found[1] not in ("all", "stage"):
            part = part_of(found[1])
            parts[part] = parts.get(part, 0) + float(found[2])
    return parts


def medians(program):
    runs = [turn_of(program, turn) for turn in range(1, turns + 1)]
    return {part: statistics.median(run[part] for run in runs) for part in runs[0]}


convoy = medians("convoy")
layout, pytorch = min(((name, medians(name)) for name in ("contiguous", "channels_last")),
                      key=lambda named: sum(named[1].values()))
print(f"PyTorch's faster layout: {layout}\n\n| part | Convoy | PyTorch | times |\n|---|---:|---:|---:|")
for part in [*convoy, *(part for part in pytorch if part not in convoy)]:
    ours, theirs = convoy.get(part, 0), pytorch.get(part, 0)
    print(f"| {' '.join(part).strip()} | {ours:.1f} | {theirs:.1f} | {f'{theirs / ours:.1f}' if ours and theirs else ''} |")
ours, theirs = sum(convoy.values()), sum(pytorch.values())
print(f"| all | {ours:.1f} | {theirs:.1f} | {theirs / ours:.1f} |")
PYTHON
