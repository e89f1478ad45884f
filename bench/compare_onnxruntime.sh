#!/usr/bin/env bash
# Predicts with Convoy and with ONNX Runtime in turn, one thread each, the notebook's network after an
# epoch of training, and prints every run, the medians and the ratios for batches of 1, 8 and 128.
# ONNX Runtime gets its images as floats already, Convoy as the bytes that they are.
#
# Usage: bench/compare_onnxruntime.sh [TURNS [SECONDS]]   (5 turns of 1 second a batch)
# Needs: node and npm (onnxruntime-node is installed into build/), python3-onnx, and MNIST in
#   $CONVOY_DATA or another place where the trainer looks.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"

turns=${1:-5}
seconds=${2:-1}
python=${CONVOY_PYTHON:-/usr/bin/python3}
"$python" -c 'import onnx' 2>/dev/null || fail 2 "python3-onnx is missing: apt-get install python3-onnx"
command -v npm >/dev/null || fail 2 "npm is missing: apt-get install npm"
data=$(find_mnist) || fail 2 "MNIST is missing: run deploy/get-mnist.sh, or set CONVOY_DATA"
bench=$CONVOY_ROOT/build/release/bench/inference_bench
[[ -x $bench ]] || fail 2 "$bench is missing: cmake --build --preset release"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Into build/, once a version.
modules=$CONVOY_ROOT/build/bench_node
if ! cmp -s "$CONVOY_ROOT/bench/package.json" "$modules/package.json"; then
  say "Installing onnxruntime-node"
  rm -rf "$modules"
  mkdir -p "$modules"
  cp "$CONVOY_ROOT/bench/package.json" "$scratch/package.json"
  (cd "$scratch" && ONNXRUNTIME_NODE_INSTALL_CUDA=skip npm install --no-audit --no-fund --loglevel=error >&2)
  mv "$scratch/node_modules" "$modules/"
  cp "$CONVOY_ROOT/bench/package.json" "$modules/package.json"
fi

say "Training for an epoch"
"$CONVOY_BIN/trainer" --data "$data" --epochs 1 --verbose 0 --run-dir "$scratch/run"
"$python" "$CONVOY_ROOT/bench/onnx_model.py" "$scratch/run/model.convoy" "$scratch/model.onnx"
accuracy=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["test_accuracy"])' \
  "$scratch/run/summary.json")

# The best instruction set comes first.
isa=$("$bench" --benchmark_list_tests | sed -n 's,^Predict/notebook/\([^/]*\)/.*,\1,p' | head -n 1)

# Each prints a line "BATCH IMAGES_PER_SECOND" for each batch.
convoy() {
  "$bench" --benchmark_filter="^Predict/notebook/$isa/batch:(1/at_once:1|8/at_once:8|128/at_once:16)\$" \
    --benchmark_min_time="$seconds" --benchmark_format=json 2>/dev/null |
    "$python" -c '
import json, re, sys
for run in json.load(sys.stdin)["benchmarks"]:
    print(re.search(r"batch:(\d+)", run["name"])[1], round(run["items_per_second"]))'
}
onnxruntime() {
  NODE_PATH=$modules/node_modules node "$CONVOY_ROOT/bench/onnxruntime_predict.js" \
    "$scratch/model.onnx" "$data" "$accuracy" "$seconds" 1 8 128
}

printf 'notebook, one thread, images/s; %s; %s; test accuracy %s; commit %s\n' \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$isa" "$accuracy" \
  "$(git -C "$CONVOY_ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)"
for ((turn = 1; turn <= turns; ++turn)); do
  convoy >"$scratch/convoy"
  onnxruntime >"$scratch/onnxruntime"
  paste -d ' ' "$scratch/convoy" "$scratch/onnxruntime" | cut -d ' ' -f 1,2,4 | tee -a "$scratch/results" |
    sed 's/^\([0-9]*\) \([0-9]*\) \([0-9]*\)$/  batch \1: Convoy \2, ONNX Runtime \3/'
done
"$python" - "$scratch/results" <<'PYTHON'
import statistics
import sys

rows = [[int(number) for number in line.split()] for line in open(sys.argv[1])]
for batch in (1, 8, 128):
    convoy, onnxruntime = (
        statistics.median(row[column] for row in rows if row[0] == batch) for column in (1, 2))
    print(f"batch {batch}, medians: Convoy {convoy:.0f}, ONNX Runtime {onnxruntime:.0f}: "
          f"{convoy / onnxruntime:.2f} times")
PYTHON
