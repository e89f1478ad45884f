#!/usr/bin/env bash
# Trains the notebook's network on two ranks with a coordinator and without one in turn, and prints
# every run's images/s, the medians and what reporting costs. The coordinator runs on this machine
# too, so what it costs to take the reports is part of the difference.
#
# Usage: bench/coordinator_overhead.sh [TURNS [EPOCHS]]   (7 turns of 3 epochs)
# Needs: MNIST in $CONVOY_DATA or another place where the trainer looks.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"

turns=${1:-7}
epochs=${2:-3}
python=${CONVOY_PYTHON:-/usr/bin/python3}
address=127.0.0.1:$((20000 + RANDOM))
scratch=$(mktemp -d)
"$CONVOY_BIN/coordinator" --listen "$address" --http '' --store "$scratch/store" >"$scratch/log" &
coordinator=$!
trap 'kill "$coordinator" 2>/dev/null || true; rm -rf "$scratch"' EXIT
use_one_machine

# train NAME FLAGS...: prints the run's images/s.
train() {
  local run=$scratch/$1
  shift
  mpirun -np 2 "$CONVOY_BIN/trainer" --threads 1 --epochs "$epochs" --verbose 0 --run-dir "$run" "$@"
  "$python" -c 'import json, sys; print(round(json.load(open(sys.argv[1]))["train_images_per_second"]))' \
    "$run/summary.json"
}

for ((turn = 1; turn <= turns; ++turn)); do
  printf '%s %s\n' "$(train "alone-$turn")" "$(train "told-$turn" --coordinator "$address")" |
    tee -a "$scratch/results" | sed 's/\(.*\) \(.*\)/  alone \1, with a coordinator \2 images\/s/'
done
"$python" - "$scratch/results" <<'PYTHON'
import statistics
import sys

alone, told = zip(*([int(number) for number in line.split()] for line in open(sys.argv[1])))
cost = [1 - b / a for a, b in zip(alone, told)]
print(f"medians: alone {statistics.median(alone):.0f}, with a coordinator {statistics.median(told):.0f} images/s; "
      f"reporting costs {100 * statistics.median(cost):.1f}% (median of the pairs)")
PYTHON
