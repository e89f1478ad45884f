#!/usr/bin/env bash
# Trains the same network with Convoy and with PyTorch DistributedDataParallel in turn, on the same
# cores, and prints every run, the medians and the ratio, for one rank and for two. Both see the images
# in memory, both run one thread a rank; PyTorch in both memory layouts, of which the faster counts, with
# an allocator that keeps its memory and, beside --isa avx2, the same instruction set (bench/pytorch.sh).
#
# Usage: bench/compare_pytorch.sh [MODEL [TURNS [TRAINER FLAGS...]]]   (notebook, 5 turns)
#   such as: bench/compare_pytorch.sh cifar10_fast 5 --data CIFAR10
# Needs: python3-torch, and MNIST in $CONVOY_DATA or another place where the trainer looks; or --data.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"
source "$CONVOY_ROOT/bench/pytorch.sh"
help_if_asked "$@"

model=${1:-notebook}
turns=${2:-5}
shift $(($# < 2 ? $# : 2))
need_pytorch
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
use_one_machine
# Each rank on its own core, for both.
export OMPI_MCA_hwloc_base_binding_policy=core

convoy() {
  local ranks=$1
  shift
  rm -rf "$scratch/run"
  mpirun -np "$ranks" "$CONVOY_BIN/trainer" --model "$model" --threads 1 --epochs 3 --train-limit 20000 \
    --verbose 0 --run-dir "$scratch/run" "$@"
  "$python" -c 'import json, sys; print(round(json.load(open(sys.argv[1]))["train_images_per_second"]))' \
    "$scratch/run/summary.json"
}

[[ ! "$*" =~ --isa[=\ ]avx2 ]] || limit_pytorch_to_avx2

pytorch() {
  pytorch_train --model "$model" --port $((20000 + RANDOM)) "$@"
}

printf '%s, batch 128, images/s; %s; commit %s\n' "$model" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores" \
  "$(git -C "$CONVOY_ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
for ranks in 1 2; do
  for ((turn = 1; turn <= turns; ++turn)); do
    printf '%s %s %s %s\n' "$ranks" "$(convoy "$ranks" "$@")" "$(pytorch --ranks "$ranks")" \
      "$(pytorch --ranks "$ranks" --channels-last)" | tee -a "$scratch/results" |
      sed 's/^\([0-9]*\) \([0-9]*\) \([0-9]*\) \([0-9]*\)$/  \1 rank(s): Convoy \2, PyTorch \3, PyTorch channels_last \4/'
  done
done
"$python" - "$scratch/results" <<'PYTHON'
import statistics
import sys

rows = [[int(number) for number in line.split()] for line in open(sys.argv[1])]
medians = {}
for ranks in (1, 2):
    convoy, nchw, channels_last = (
        statistics.median(row[column] for row in rows if row[0] == ranks) for column in (1, 2, 3))
    medians[ranks] = convoy
    print(f"{ranks} rank(s), medians: Convoy {convoy:.0f}, PyTorch {nchw:.0f}, "
          f"channels_last {channels_last:.0f}: {convoy / max(nchw, channels_last):.2f} times")
print(f"Convoy from 1 to 2 ranks: {medians[2] / medians[1] / 2:.2f} of twice as fast")
PYTHON
