#!/usr/bin/env bash
# From a fresh clone to a trained network: installs what is missing, builds, gets MNIST, starts a
# coordinator and trains on all cores of this machine. A second call installs, builds and downloads
# nothing again and uses the same coordinator.
#
# Usage: deploy/quickstart.sh [TRAINER FLAGS...]
#   such as: deploy/quickstart.sh --epochs 10 --seed 7      (all flags: build/release/bin/trainer --help)
# Environment: CONVOY_DATA   directory of the MNIST files, instead of looking for them
#              CONVOY_RANKS  how many ranks to start; one a core unless set
#              CONVOY_COORDINATOR  HOST:PORT of a coordinator to use instead of one on this machine;
#                            none: train without
# Exit code: the trainer's: 0 done, 1 failed, 2 wrong usage or input, 75 stopped with a checkpoint.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

# has_flag NAME FLAGS...: whether the trainer's flags have this one.
has_flag() {
  local name=$1 flag
  shift
  for flag in "$@"; do
    [[ $flag != "$name" && $flag != "$name="* ]] || return 0
  done
  return 1
}

# Finds or downloads MNIST; sets data_flags to what the trainer needs to know about it.
get_data() {
  data_flags=()
  if has_flag --data "$@"; then
    say "3/5 Data: as the flags say"
  elif CONVOY_DATA=$(find_mnist); then
    say "3/5 Data: MNIST from $CONVOY_DATA"
    data_flags=(--data "$CONVOY_DATA")
  else
    say "3/5 Data: downloading MNIST"
    if "$CONVOY_ROOT/deploy/get-mnist.sh" && CONVOY_DATA=$(find_mnist); then
      data_flags=(--data "$CONVOY_DATA")
    else
      say "MNIST could not be downloaded, so this trains on GENERATED DIGITS, which are not MNIST." \
        "With the four files at hand: CONVOY_DATA=DIRECTORY deploy/quickstart.sh"
      data_flags=(--data generated)
    fi
  fi
}

# coordinator_answers: whether a coordinator serves this machine.
coordinator_answers() { curl -fs --noproxy '*' --max-time 2 -o /dev/null "http://$HTTP_ADDRESS/healthz"; }

# coordinator_is_ours: whether this user runs what listens there. On a machine of several users another's would get what
# we train, and could cancel it.
coordinator_is_ours() {
  local port
  printf -v port ':%04X' "${HTTP_ADDRESS##*:}"
  [[ $(awk -v port="$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $8; exit }' /proc/net/tcp) == "$(id -u)" ]]
}

# Starts a coordinator on this machine unless one is there; it goes on when this script has ended.
# Sets coordinator_flags to what the trainer needs to know about it, and coordinator_pid.
start_coordinator() {
  local store=${HOME:-$CONVOY_ROOT}/.local/state/convoy/coordinator log tries
  coordinator_flags=() coordinator_pid=
  if has_flag --coordinator "$@" || [[ ${CONVOY_COORDINATOR:-} == none ]]; then
    return
  elif [[ -n ${CONVOY_COORDINATOR:-} ]]; then
    coordinator_flags=(--coordinator "$CONVOY_COORDINATOR")
    return
  fi
  if coordinator_answers && ! coordinator_is_ours; then
    say "Another user's coordinator answers on $HTTP_ADDRESS: training goes on without one (to use it: CONVOY_COORDINATOR=$LISTEN_ADDRESS)"
    return
  fi
  if ! coordinator_answers; then
    mkdir -p "$store"
    log=$store/log.txt
    setsid "$CONVOY_BIN/coordinator" --listen "$LISTEN_ADDRESS" --http "$HTTP_ADDRESS" --store "$store" \
      "${data_flags[@]}" </dev/null >>"$log" 2>&1 &
    coordinator_pid=$!
    for ((tries = 0; tries < 100; ++tries)); do
      coordinator_answers && break
      kill -0 "$coordinator_pid" 2>/dev/null || break
      sleep 0.1
    done
  fi
  if coordinator_answers; then
    coordinator_flags=(--coordinator "$LISTEN_ADDRESS")
  else
    say "No coordinator could be started, training goes on without one: $(tail -n 1 "$log")"
    coordinator_pid=
  fi
}

# Says what can be done with the run now.
say_what_next() {
  say "Try next:"
  if ((${#coordinator_flags[@]} > 0)); then
    printf '  %s\n' "$CONVOY_BIN/convoy status" "$CONVOY_BIN/convoy confusion" "$CONVOY_BIN/convoy predict DIGIT.png"
  else
    printf '  %s\n' "$CONVOY_BIN/convoy show RUN_DIRECTORY"
  fi
  printf '  %s\n' "$CONVOY_BIN/convoy --help"
  if [[ -n $coordinator_pid ]]; then
    say "The coordinator goes on; to stop it: kill $coordinator_pid"
  fi
  if [[ ${coordinator_flags[1]:-} == "$LISTEN_ADDRESS" ]]; then
    say "Watch it learn, draw a digit, take the model home: http://$HTTP_ADDRESS/"
  fi
}

LISTEN_ADDRESS=127.0.0.1:50051
HTTP_ADDRESS=127.0.0.1:8080
ranks=${CONVOY_RANKS:-$(nproc)}
[[ $ranks =~ ^[1-9][0-9]*$ ]] || fail 2 "CONVOY_RANKS=$ranks is not a number of ranks"

say "1/5 Packages"
"$CONVOY_ROOT/deploy/install.sh"
leave_root_after_sudo "$CONVOY_ROOT/deploy/quickstart.sh" "$@"
say "2/5 Build"
build_release "${CONVOY_PROGRAMS[@]}"
get_data "$@"
say "4/5 Coordinator: ${CONVOY_COORDINATOR:-on this machine}"
start_coordinator "$@"

say "5/5 Training on $ranks cores: convoy run -np $ranks -- ${data_flags[*]} ${coordinator_flags[*]} $*"
code=0
# Which coordinator, if any, the flags say.
stoppable env -u CONVOY_COORDINATOR "$CONVOY_BIN/convoy" run -np "$ranks" -- "${data_flags[@]}" \
  "${coordinator_flags[@]}" "$@" || code=$?
explain_exit "$code"
((code != 0)) || say_what_next
exit "$code"
