#!/usr/bin/env bash
# convoy run on several hosts: one is cut off or frozen, also the one with rank 0, and comes back; the
# training goes on without and then with it, by itself, to the bits of one host. What a start on a host
# that was out of reach has left, processes too, harms nothing and is gone at the end. Where the hosts
# share no directory, the checkpoints on the second of them are enough when the first is lost for good.
#
# Usage: tests/hosts/supervised_test.sh [CASE...]        (as root, after building the preset release)
#   CASE  cut_off, frozen, rank_0_frozen, nothing_shared, asked_to_stop, refusals; all of them unless some are named
# Environment: CONVOY_DATA  directory of the MNIST files; generated digits unless one is found
# Exit code: 0 all of it worked, 1 not, 2 not possible here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
help_if_asked "$@"

RECIPE=(--seed 3 --epochs 3 --train-limit 6000 --checkpoint-every 20 --verbose 0)

main() {
  runs=$(mktemp -d)
  trap 'rm -rf "$runs"' EXIT
  if data=$(find_mnist); then data=$(cd "$data" && pwd); else data=generated; fi
  "$CONVOY_BIN/trainer" --data "$data" --run-dir "$runs/one" "${RECIPE[@]}"
  wanted=$(sha_of one)
  export runs data wanted
  local case
  [[ $# -gt 0 ]] || set -- cut_off frozen rank_0_frozen nothing_shared asked_to_stop refusals
  for case in "$@"; do
    "$CONVOY_ROOT/tests/hosts/with_hosts.sh" 4 "$CONVOY_ROOT/tests/hosts/supervised_test.sh" --inside "$case"
  done
}

# A host away. The supervisor is on host1, with rank 0 where that takes part.
cut_off() { go_on_without host3 host1 host2 host3; }
frozen() { go_on_without host3 host1 host2 host3; }
rank_0_frozen() { go_on_without host2 host2 host3 host4; }

# go_on_without HOST HOSTS...: takes HOST away, in the way of the case, then gives it back.
go_on_without() {
  local away=$1 all=("${@:2}") host others=()
  for host in "${all[@]}"; do [[ $host == "$away" ]] || others+=("$host"); done
  run=$runs/$case
  # Held before its end until the host was away and back, however fast this machine is.
  local hold=$run.hold start
  touch "$hold"
  CONVOY_FAILPOINT=before_end CONVOY_FAILPOINT_HOLD=$hold on_host1 \
    "$CONVOY_BIN/convoy" run --hosts "$(paste -sd, < <(printf '%s\n' "${all[@]}"))" -- \
    --data "$data" --run-dir "$run" "${RECIPE[@]}" &
  job=$!
  await "a checkpoint" has_checkpoint
  start=$SECONDS
  take_away "$away"
  await "that $away is left out" has_event host_lost
  await "a start without it" works_on "${others[*]}"
  local seconds=$((SECONDS - start))
  say "$case: at work without $away after $seconds s"
  # Some 25 s; longer on a machine that has other work.
  [[ $seconds -le 60 ]] || fail 1 "$case: that took longer than a minute"
  give_back "$away"
  kill_a_rank_on "${others[-1]}"
  await "that $away is back" has_event host_back
  await "a start with it" works_on "${all[*]}"
  rm "$hold"
  local code=0
  wait "$job" || code=$?
  [[ $code -eq 0 ]] || fail 1 "$case: exit code $code"
  [[ $(sha_of "$case") == "$wanted" ]] || fail 1 "$case: weights_sha256 is $(sha_of "$case"), on one host $wanted"
  assert_nothing_left
  say "$case: the bits of one host"
}

# The supervisor is on host1; the results are on the first host that trains, a copy of the checkpoints on the second.
nothing_shared() {
  local host hold=$runs.hold code=0
  for host in $CONVOY_HOSTS; do on_host "$host" --mount mount -t tmpfs tmpfs "$runs"; done
  run=$runs/$case
  touch "$hold"
  CONVOY_FAILPOINT=before_end CONVOY_FAILPOINT_HOLD=$hold on_host1 \
    "$CONVOY_BIN/convoy" run --hosts host2,host3,host4 -- --data "$data" --run-dir "$run" "${RECIPE[@]}" &
  job=$!
  await "a copy of a checkpoint" holds_checkpoint host3
  on_host host2 --net ip link set eth0 down
  await "a start on the second host" leads_on host3
  rm "$hold"
  wait "$job" || code=$?
  [[ $code -eq 0 ]] || fail 1 "$case: exit code $code"
  found=$(on_host host3 --mount cat "$run/summary.json" | field weights_sha256)
  [[ $found == "$wanted" ]] || fail 1 "$case: weights_sha256 is $found, on one host $wanted"
  found=$(on_host host3 --mount cat "$run/summary.json" | field restarts)
  [[ $found -ge 1 ]] || fail 1 "$case: it did not go on but began anew"
  say "$case: the bits of one host, from the copy on host3"
}

# Once: with a checkpoint, on all hosts; twice: at once. By SIGTERM: what a script starts in the background has no
# ear for SIGINT, which convoy leaves ignored where it was.
asked_to_stop() {
  local code=0 wish
  run=$runs/$case
  for wish in once twice; do
    local hold=$run.hold
    touch "$hold"
    CONVOY_FAILPOINT=before_step:30 CONVOY_FAILPOINT_HOLD=$hold on_host1 \
      "$CONVOY_BIN/convoy" run --hosts host1,host2 -- --data "$data" --run-dir "$run" "${RECIPE[@]}" &
    job=$!
    await "a checkpoint" has_checkpoint
    await "two ranks" works_on "host1 host2"
    kill -TERM "$(pgrep -f "^[^ ]*/convoy run .*--run-dir $run")"
    sleep 1
    if [[ $wish == twice ]]; then kill -TERM "$(pgrep -f "^[^ ]*/convoy run .*--run-dir $run")"; else rm "$hold"; fi
    code=0
    wait "$job" || code=$?
    rm -f "$hold"
    [[ $code -eq 75 ]] || fail 1 "$case: asked $wish, exit code $code"
    assert_nothing_left
  done
  "$CONVOY_BIN/convoy" run --hosts host1,host2 -- --data "$data" --run-dir "$run" "${RECIPE[@]}"
  [[ $(sha_of "$case") == "$wanted" ]] || fail 1 "$case: weights_sha256 is $(sha_of "$case"), on one host $wanted"
  say "$case: the bits of one host"
}

# What convoy run refuses, with a line that says which host and why.
refusals() {
  expect "host9: NOT READY, it cannot be reached by ssh" --hosts host1,host9
  expect "host2 is named twice" --hosts host1,host2,host2
  expect "4 ranks, but the hosts have 2 slots" -np 4 --hosts host1:1,host2:1
  expect "--network: 'eth0' is no network" --hosts host1,host2 --network eth0
  expect "host2: NOT READY, it has no address in 192.168.7.0/24 but 10.77.0.2" --hosts host1,host2 --network 192.168.7.0/24
  ssh-keygen -q -t ed25519 -N '' -f "$runs/other_key"
  CONVOY_SSH=${CONVOY_SSH/-i */-i $runs/other_key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null} \
    expect "host2: NOT READY, it cannot be reached by ssh: root@host2: Permission denied" --hosts host1,host2
  on_host host2 --mount mount -t tmpfs -o size=1m tmpfs /dev/shm
  expect "KB of room in /dev/shm/convoy-" --hosts host1,host2
  on_host host2 --mount umount /dev/shm
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

take_away() {
  if [[ $case == cut_off ]]; then on_host "$1" --net ip link set eth0 down; else signal_all STOP "$1"; fi
}
give_back() {
  if [[ $case == cut_off ]]; then on_host "$1" --net ip link set eth0 up; else signal_all CONT "$1"; fi
}

# signal_all SIGNAL HOST: to all processes of the host.
signal_all() {
  local pid
  for pid in $(ps -e -o pid=); do
    if is_on "$2" "$pid"; then kill -s "$1" "$pid" 2>/dev/null || true; fi
  done
}

kill_a_rank_on() {
  local pid
  for pid in $(ranks); do
    if is_on "$1" "$pid"; then kill -KILL "$pid"; fi
  done
}

# The trainers of the run, on all hosts.
ranks() { pgrep -f "^[^ ]*/trainer .*--run-dir $run" || true; }

# Neither processes nor MPI's files, on any host.
assert_nothing_left() {
  local host
  [[ -z $(pgrep -f "^[^ ]*(/trainer|orted|mpirun) .*$run" || true) ]] || fail 1 "$case: left: $(ps -ef)"
  for host in $CONVOY_HOSTS; do
    [[ -z $(on_host "$host" --mount sh -c 'ls -d /dev/shm/convoy-* /dev/shm/vader_segment* 2>/dev/null') ]] ||
      fail 1 "$case: left in /dev/shm of $host: $(on_host "$host" --mount ls /dev/shm)"
  done
}

# is_on HOST PROCESS
is_on() { [[ $(network_of "$2") == "$(network_of "$(cat "$CONVOY_HOST_PIDS/$1")")" ]]; }
network_of() { readlink "/proc/$1/ns/net" || true; }

on_host() { nsenter --target "$(cat "$CONVOY_HOST_PIDS/$1")" "${@:2}"; }

# on_host1 COMMAND...: on that host alone, without sight of the others' processes.
on_host1() { exec nsenter --target "$(cat "$CONVOY_HOST_PIDS/host1")" --all --wdns="$PWD" "$@"; }

# holds_checkpoint HOST: whether there is one in that host's own directory.
holds_checkpoint() { on_host "$1" --mount sh -c "ls $run/checkpoints/step-*.convoy" >/dev/null 2>&1; }
# leads_on HOST: whether rank 0 of a start is on this host, and trains.
leads_on() {
  [[ $(on_host "$1" --mount cat "$run/progress.json" 2>/dev/null |
    /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["ranks"][0]["host"])' 2>/dev/null) == "$1" ]]
}
# field NAME: of the JSON on standard input.
field() { /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

has_checkpoint() { compgen -G "$run/checkpoints/step-*.convoy" >/dev/null; }
has_event() { grep -q "\"kind\":\"$1\"" "$run/events.jsonl" 2>/dev/null; }
# works_on HOSTS: whether a trainer is at work in the run, on these hosts.
works_on() {
  [[ $(/usr/bin/python3 -c 'import json, sys; print(*[rank["host"] for rank in json.load(open(sys.argv[1]))["ranks"]])' \
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

sha_of() {
  /usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["weights_sha256"])' "$runs/$1/summary.json"
}

if [[ ${1:-} == --inside ]]; then case=$2 && "$2"; else main "$@"; fi
