#!/usr/bin/env bash
# Builds the libFuzzer programs with clang, with the address and undefined-behaviour sanitizers, makes small
# files for them to begin with, and runs each for a while. What they learn is kept in build/fuzz/corpus, so a
# next run goes on from it; an input that ends one of them is in build/fuzz/findings.
#
# Usage: tests/fuzz/run.sh [SECONDS [PROGRAM...]]        (10 seconds each, all of them)
# Needs: clang, and python3-numpy and python3-opencv for the files to begin with.
# Exit code: 0 nothing was found, 1 something was, 77 there is no clang.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
help_if_asked "$@"

seconds=${1:-10}
shift $(($# < 1 ? $# : 1))
build=$CONVOY_ROOT/build/fuzz
clang=$(command -v clang || compgen -c clang- | grep -xE 'clang-[0-9]+' | head -n 1) || fail 77 "there is no clang"
configured=$(mktemp)
trap 'rm -f "$configured"' EXIT
cmake -S "$CONVOY_ROOT" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER="$clang" \
  -DCMAKE_CXX_COMPILER="${clang/clang/clang++}" -DCONVOY_FUZZ=ON \
  -DCONVOY_SANITIZE=fuzzer-no-link,address,undefined >"$configured" 2>&1 || { cat "$configured"; exit 1; }
programs=("$@")
[[ $# -gt 0 ]] || mapfile -t programs < <(cd "$CONVOY_ROOT/tests/fuzz" && basename -s .cc -- *_fuzz.cc)
cmake --build "$build" --target "${programs[@]}"

seeds=$build/seeds
rm -rf "$seeds"
"${CONVOY_PYTHON:-/usr/bin/python3}" -B "$CONVOY_ROOT/tests/fuzz/data_seeds.py" "$seeds"
"${CONVOY_PYTHON:-/usr/bin/python3}" -B "$CONVOY_ROOT/tests/fuzz/keras_seeds.py" "$seeds"
declare -A seeds_of=([data_fuzz]=data [picture_fuzz]=pictures [keras_h5_fuzz]=h5 [keras_config_fuzz]=config)

export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
found=0
for program in "${programs[@]}"; do
  corpus=$build/corpus/$program findings=$build/findings/$program
  mkdir -p "$corpus" "$findings"
  log=$build/$program.log
  corpora=("$corpus")
  [[ ! -v seeds_of[$program] ]] || corpora+=("$seeds/${seeds_of[$program]}")
  # A reading of libhdf5's that goes in circles is ended after ten seconds of computing, which may take longer.
  if "$build/bin/$program" -max_total_time="$seconds" -max_len=20000 -rss_limit_mb=3000 -timeout=90 \
    -artifact_prefix="$findings/" -print_final_stats=1 "${corpora[@]}" >"$log" 2>&1; then
    say "$program: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    tail -n 40 "$log"
    say "$program: ended by an input in $findings"
    found=1
  fi
done
exit "$found"
