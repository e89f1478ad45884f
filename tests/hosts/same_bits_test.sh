#!/usr/bin/env bash
# Trains on several hosts, as deploy/lab/run.sh starts them, and expects the bits of one host: with one
# rank a host and with several, and also where a run goes on on another number of hosts; with numbers of
# 32 bits and of 16. Only the first
# host sees the data.
#
# Usage: tests/hosts/same_bits_test.sh        (as root, after building the preset release)
# Environment: CONVOY_DATA  directory of the MNIST files; generated digits unless one is found
# Exit code: 0 same bits, 1 not, 2 not possible here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"

RECIPE=(--seed 3 --train-limit 5000 --exchange "${exchange:-float32}")

main() {
  for exchange in float32 bfloat16; do
    exchange=$exchange "$CONVOY_ROOT/tests/hosts/same_bits_test.sh" compare_hosts
  done
}

# compare_hosts: all of it, with the numbers of $exchange.
compare_hosts() {
  runs=$(mktemp -d)
  trap 'rm -rf "$runs"' EXIT
  if data=$(find_mnist); then data=$(cd "$data" && pwd); else data=generated; fi
  export runs data
  use_one_machine
  mpirun -np 2 "$CONVOY_BIN/trainer" --data "$data" --run-dir "$runs/one" --verbose 0 --epochs 2 "${RECIPE[@]}"
  wanted=$(summary one weights_sha256)
  [[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail 1 "no weights_sha256 in $runs/one/summary.json"
  export wanted

  with_hosts 2 train two_hosts 1
  with_hosts 3 train three_hosts_five_ranks 2 2 1
  with_hosts 2 train_one_epoch going_on
  with_hosts 3 train going_on 1
  [[ $(summary going_on restarts) -ge 1 ]] || fail 1 "the run did not go on but start again"
}

# with_hosts N FUNCTION ARGS...: runs a function of this script on the first of N hosts, without what
# use_one_machine set for this one.
with_hosts() {
  env -u OMPI_MCA_rmaps_base_oversubscribe -u OMPI_MCA_btl -u OMPI_MCA_oob_tcp_if_include \
    "$CONVOY_ROOT/tests/hosts/with_hosts.sh" "$1" "$CONVOY_ROOT/tests/hosts/same_bits_test.sh" "${@:2}"
}

# train RUN SLOTS...: trains on all hosts, with so many ranks on each (the last number also for those
# that follow), and compares the result.
train() {
  hide_data
  write_host_file "${@:2}"
  start_training "$1" 2
  local found
  found=$(summary "$1" weights_sha256)
  [[ $found == "$wanted" ]] || fail 1 "$1: weights_sha256 is $found, on one host $wanted"
  found=$(summary "$1" hosts)
  [[ $found == "['${CONVOY_HOSTS// /\', \'}']" ]] || fail 1 "$1: trained on $found, not on $CONVOY_HOSTS"
  say "$1: the bits of one host, on $CONVOY_HOSTS"
}

# The first of its two epochs.
train_one_epoch() {
  hide_data
  write_host_file 1
  start_training "$1" 1
}

# on_host HOST NAMESPACE_FLAG COMMAND...
on_host() { nsenter --target "$(cat "$CONVOY_HOST_PIDS/$1")" "${@:2}"; }

hide_data() {
  local host
  [[ $data != generated ]] || return 0
  for host in ${CONVOY_HOSTS#host1}; do on_host "$host" --mount mount -t tmpfs tmpfs "$data"; done
}

write_host_file() {
  local host slots=1
  for host in $CONVOY_HOSTS; do
    slots=${1:-$slots}
    [[ $# -eq 0 ]] || shift
    printf '%s slots=%s\n' "$host" "$slots"
  done >"$CONVOY_HOST_FILE"
}

# start_training RUN EPOCHS
start_training() {
  timeout --kill-after=10 300 "$CONVOY_ROOT/deploy/lab/run.sh" "$CONVOY_HOST_FILE" -- --data "$data" \
    --run-dir "$runs/$1" --resume --verbose 0 --epochs "$2" "${RECIPE[@]}"
}

# summary RUN FIELD
summary() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$runs/$1/summary.json" "$2"
}

if [[ $# -eq 0 ]]; then main; else "$@"; fi
