#!/usr/bin/env bash
# convoy run on several hosts: one is cut off, frozen, and back again, and the training goes on without and
# with it, by itself, to the bits of one host. The hosts share one process table, so a frozen one's processes
# can be ended from outside here; that it is left out does not depend on that.
#
# Usage: tests/hosts/supervised_test.sh        (as root, after building the preset release)
# Environment: CONVOY_DATA  directory of the MNIST files; generated digits unless one is found
# Exit code: 0 all of it worked, 1 not, 2 not possible here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"

RECIPE=(--seed 3 --epochs 3 --train-limit 6000 --checkpoint-every 20 --verbose 0)

main() {
  runs=$(mktemp -d)
  trap 'rm -rf "$runs"' EXIT
  if data=$(find_mnist); then data=$(cd "$data" && pwd); else data=generated; fi
  "$CONVOY_BIN/trainer" --data "$data" --run-dir "$runs/one" "${RECIPE[@]}"
  wanted=$(sha_of one)
  export runs data wanted
  for case in cut_off frozen; do
    "$CONVOY_ROOT/tests/hosts/with_hosts.sh" 3 "$CONVOY_ROOT/tests/hosts/supervised_test.sh" go_on_without_host3 "$case"
  done
  "$CONVOY_ROOT/tests/hosts/with_hosts.sh" 2 "$CONVOY_ROOT/tests/hosts/supervised_test.sh" refusals
}

# go_on_without_host3 WAY: takes host3 away in that way, then gives it back.
go_on_without_host3() {
  run=$runs/$1
  export CONVOY_SSH="$CONVOY_SSH -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=5"
  # Held before its end until host3 was away and back, however fast this machine is.
  local hold=$run.hold start job
  touch "$hold"
  CONVOY_FAILPOINT=before_end CONVOY_FAILPOINT_HOLD=$hold "$CONVOY_BIN/convoy" run --hosts host1,host2,host3 -- \
    --data "$data" --run-dir "$run" "${RECIPE[@]}" &
  job=$!
  await "a checkpoint" has_checkpoint
  start=$SECONDS
  "$1" yes
  await "that host3 is left out" has_event host_lost
  await "a start without it" works_on "host1 host2"
  say "$1: at work without host3 after $((SECONDS - start)) s"
  "$1" no
  kill_a_rank_on host2
  await "that host3 is back" has_event host_back
  await "a start with it" works_on "host1 host2 host3"
  rm "$hold"
  local code=0
  wait "$job" || code=$?
  [[ $code -eq 0 ]] || fail 1 "$1: exit code $code"
  [[ $(sha_of "$1") == "$wanted" ]] || fail 1 "$1: weights_sha256 is $(sha_of "$1"), on one host $wanted"
  say "$1: the bits of one host"
}

# What convoy run refuses, with a line that says which host and why.
refusals() {
  expect "host9: NOT READY, it cannot be reached by ssh" --hosts host1,host9
  expect "host2 is named twice" --hosts host1,host2,host2
  expect "4 ranks, but the hosts have 2 slots" -np 4 --hosts host1:1,host2:1
  on_host host2 --mount mount -t tmpfs tmpfs "$CONVOY_BIN"
  expect "host2: NOT READY, it has no $CONVOY_BIN/trainer" --hosts host1,host2
  on_host host2 --mount cp /bin/true "$CONVOY_BIN/trainer"
  expect "host2: NOT READY, it has another build of the trainer" --hosts host1,host2
}

# expect TEXT FLAGS...: it ends with 2, says that, and leaves no directory.
expect() {
  local code=0 said
  said=$("$CONVOY_BIN/convoy" run "${@:2}" -- --data "$data" --run-dir "$runs/refused" 2>&1) || code=$?
  [[ $code -eq 2 && $said == *"$1"* && ! -e $runs/refused ]] || fail 1 "expected 2 and '$1', found $code and: $said"
}

# cut_off yes|no, frozen yes|no: host3 is away, or back.
cut_off() {
  if [[ $1 == yes ]]; then on_host host3 --net ip link set eth0 down; else on_host host3 --net ip link set eth0 up; fi
}
frozen() {
  local signal=CONT pid
  [[ $1 == no ]] || signal=STOP
  for pid in $(ps -e -o pid=); do
    if is_on host3 "$pid"; then kill -s "$signal" "$pid" 2>/dev/null || true; fi
  done
}

kill_a_rank_on() {
  local pid
  for pid in $(pgrep -f "^[^ ]*/trainer .*--run-dir $run"); do
    if is_on "$1" "$pid"; then kill -KILL "$pid"; fi
  done
}

# is_on HOST PROCESS
is_on() { [[ $(readlink "/proc/$2/ns/net") == $(readlink "/proc/$(cat "$CONVOY_HOST_PIDS/$1")/ns/net") ]]; }

on_host() { nsenter --target "$(cat "$CONVOY_HOST_PIDS/$1")" "${@:2}"; }

has_checkpoint() { compgen -G "$run/checkpoints/step-*.convoy" >/dev/null; }
has_event() { grep -q "\"kind\":\"$1\"" "$run/events.jsonl" 2>/dev/null; }
# works_on HOSTS: whether a trainer is at work in the run, on these hosts.
works_on() {
  [[ $(python3 -c 'import json, sys; print(*[rank["host"] for rank in json.load(open(sys.argv[1]))["ranks"]])' \
    "$run/progress.json" 2>/dev/null) == "$1" ]]
}

# await WHAT COMMAND...: waits until the command succeeds.
await() {
  local tries=0
  until "${@:2}"; do
    tries=$((tries + 1))
    [[ $tries -lt 400 && -d /proc/$job ]] || fail 1 "waited in vain for $1; events: $(cat "$run/events.jsonl")"
    sleep 0.3
  done
}

sha_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["weights_sha256"])' "$runs/$1/summary.json"; }

if [[ $# -eq 0 ]]; then main; else "$@"; fi
