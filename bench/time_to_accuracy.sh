#!/usr/bin/env bash
# Trains the same network on MNIST with Convoy and with PyTorch in turn until the test images are
# recognised with an accuracy, and prints the epochs and the seconds of each, from the start of the
# programs. PyTorch trains in the layout named by CONVOY_LAYOUT, channels_last unless it is "contiguous", with
# an allocator that keeps its memory (bench/pytorch.sh).
#
# Usage: bench/time_to_accuracy.sh [ACCURACY [RANKS [TURNS]]]   (0.99, 2 ranks, 3 turns)
# Needs: python3-torch, and MNIST in $CONVOY_DATA or another place where the trainer looks. Convoy
# tests at the end of a run only, so it is run for one epoch, for two, and so on; only the last counts.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"
source "$CONVOY_ROOT/bench/pytorch.sh"
help_if_asked "$@"

accuracy=${1:-0.99}
ranks=${2:-2}
turns=${3:-3}
most_epochs=20
need_pytorch
data=$(find_mnist) || fail 2 "there is no MNIST: run deploy/get-mnist.sh"
layout=(--channels-last)
[[ ${CONVOY_LAYOUT:-} == contiguous ]] && layout=()
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
use_one_machine
export OMPI_MCA_hwloc_base_binding_policy=core

# convoy SEED: prints epochs and seconds, or "0 0".
convoy() {
  local epochs
  for ((epochs = 1; epochs <= most_epochs; ++epochs)); do
    rm -rf "$scratch/run"
    mpirun -np "$ranks" "$CONVOY_BIN/trainer" --data "$data" --threads 1 --epochs "$epochs" --seed "$1" \
      --verbose 0 --run-dir "$scratch/run"
    "$python" - "$scratch/run/summary.json" "$accuracy" "$epochs" <<'PYTHON' && return
import json
import sys

summary = json.load(open(sys.argv[1]))
if summary["test_accuracy"] < float(sys.argv[2]):
    sys.exit(1)
print(sys.argv[3], round(summary["wall_seconds"], 1))
PYTHON
  done
  echo 0 0
}

for ((turn = 1; turn <= turns; ++turn)); do
  read -r epochs seconds <<<"$(convoy "$turn")"
  read -r their_epochs their_seconds <<<"$(pytorch_train --ranks "$ranks" \
    --seed "$turn" --port $((20000 + RANDOM)) "${layout[@]}" \
    --until "$accuracy" --most-epochs "$most_epochs" --data "$data")"
  printf '%s ranks to %s: Convoy %s s (%s epochs), PyTorch %s s (%s epochs)\n' "$ranks" "$accuracy" "$seconds" \
    "$epochs" "$their_seconds" "$their_epochs"
done
