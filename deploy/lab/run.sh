#!/usr/bin/env bash
# Trains on the machines of a host file: checks that each can be reached by ssh and has the same build,
# then starts mpirun with settings for an ordinary network. docs/several_machines.md is the manual.
#
# Usage: deploy/lab/run.sh HOST_FILE [OPTIONS] [-- TRAINER FLAGS...]
#   --network CIDR[,CIDR]  the network between the machines, such as 192.168.1.0/24; unless given, the
#                          one by which this machine reaches them
#   --copy                 first copies the trainer to machines that have another build or none
#   --check                checks the machines and starts nothing
# Environment: CONVOY_SSH   the ssh command; "ssh -o BatchMode=yes -o ConnectTimeout=10" unless set
#              CONVOY_DATA  passed on to the ranks
# Ctrl-C stops with a checkpoint. Exit code: the trainer's; 2 wrong usage or a machine that is not ready;
# another one of mpirun's where a machine was lost: run again with --resume.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/network.sh"
help_if_asked "$@"

TRAINER=$CONVOY_BIN/trainer
read -r -a SSH <<<"${CONVOY_SSH:-ssh -o BatchMode=yes -o ConnectTimeout=10}"
USAGE="usage: deploy/lab/run.sh HOST_FILE [--network CIDR] [--copy] [--check] [-- TRAINER FLAGS...]"

network="" copy=no check_only=no
hosts=() slots=() trainer_flags=()

parse_command_line() {
  [[ $# -ge 1 && $1 != -* ]] || fail 2 "$USAGE"
  host_file=$1
  shift
  while [[ $# -gt 0 && $1 != -- ]]; do
    case $1 in
      --network) [[ $# -ge 2 ]] || fail 2 "--network needs a value, such as 192.168.1.0/24"
        is_cidr_list "$2" || fail 2 "--network $2 is no network, such as 192.168.1.0/24"
        network=$2 && shift ;;
      --copy) copy=yes ;;
      --check) check_only=yes ;;
      *) fail 2 "unknown option $1 (flags of the trainer come after --); $USAGE" ;;
    esac
    shift
  done
  trainer_flags=("${@:2}")
}

# Fills hosts and slots (empty where the file does not say).
read_host_file() {
  [[ -r $host_file ]] || fail 2 "cannot read the host file $host_file (deploy/lab/hosts.example shows one)"
  local line fields number=0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    read -r -a fields <<<"${line%%#*}"
    [[ ${#fields[@]} -gt 0 ]] || continue
    [[ ${fields[0]} =~ ^[A-Za-z0-9_.:@-]+$ && ${#fields[@]} -le 2 && ${fields[1]:-slots=1} =~ ^slots=[1-9][0-9]*$ ]] ||
      fail 2 "$host_file:$number: expected NAME or NAME slots=N, found: $line"
    [[ " ${hosts[*]} " != *" ${fields[0]} "* ]] || fail 2 "$host_file:$number: ${fields[0]} is named twice"
    hosts+=("${fields[0]}")
    slots+=("$([[ ${#fields[@]} -lt 2 ]] || printf '%s' "${fields[1]#slots=}")")
  done <"$host_file"
  [[ ${#hosts[@]} -gt 0 ]] || fail 2 "$host_file names no machine"
}

# on HOST COMMAND: runs the shell command there.
on() {
  if is_here "$1"; then bash -c "$2"; else "${SSH[@]}" "$1" "$2" </dev/null; fi
}

# describe HOST: prints five lines: the build's SHA-256 (or "none"), whether it runs, cores, MPI
# version, addresses.
describe() {
  local trainer
  trainer=$(printf '%q' "$TRAINER")
  on "$1" "sha256sum $trainer 2>/dev/null | grep -o '^[0-9a-f]*' || echo none
    if $trainer --version >/dev/null 2>&1; then echo runs; else echo broken; fi
    nproc
    mpirun --version 2>/dev/null | head -n 1 | grep . || echo 'no mpirun'
    hostname -I"
}

copy_trainer() {
  local folder name
  folder=$(printf '%q' "$(dirname "$TRAINER")")
  name=$(printf '%q' "$TRAINER")
  say "Copying the trainer to $1"
  "${SSH[@]}" "$1" "mkdir -p $folder && cat >$name.new && chmod 755 $name.new && mv $name.new $name" <"$TRAINER"
}

# check_host INDEX: writes what is wrong with the host, nothing if it is ready, into its file of the
# folder $found, and its number of cores beside it.
check_host() {
  local host=${hosts[$1]} build runs cores mpi addresses reason=""
  if ! is_here "$host" && [[ $copy == yes ]] && [[ $(describe "$host" 2>/dev/null | head -n 1) != "$own_build" ]]; then
    copy_trainer "$host" 2>"$found/$1.error" || true
  fi
  if ! { read -r build && read -r runs && read -r cores && read -r mpi && read -r -a addresses; } < <(describe "$host" 2>"$found/$1.error"); then
    reason="cannot be reached by ssh: $(tail -n 1 "$found/$1.error")"
  elif [[ $mpi != "$own_mpi" ]]; then
    reason="has $mpi, here is $own_mpi: install the same (deploy/install.sh)"
  elif [[ $build == none ]]; then
    reason="has no $TRAINER: share this folder, or use --copy"
  elif [[ $build != "$own_build" ]]; then
    reason="has another build of the trainer: build again there, or use --copy"
  elif [[ $runs != runs ]]; then
    reason="cannot run the trainer; on it, ldd $TRAINER says what is missing"
  elif [[ -n $network ]] && ! in_networks "$network" "${addresses[@]}"; then
    reason="has no address in $network but ${addresses[*]}: say --network"
  fi
  printf '%s' "$reason" >"$found/$1.reason"
  printf '%s' "${cores:-0}" >"$found/$1.cores"
}

# Checks all hosts at once, says how each is, and ends the script unless all are ready.
check_hosts() {
  local index reason ready=yes
  own_build=$(sha256sum "$TRAINER" | cut -d' ' -f1)
  own_mpi=$(mpirun --version | head -n 1)
  found=$(mktemp -d)
  trap 'rm -rf "$found"' EXIT
  for index in "${!hosts[@]}"; do check_host "$index" & done
  wait
  for index in "${!hosts[@]}"; do
    reason=$(cat "$found/$index.reason")
    slots[index]=${slots[index]:-$(cat "$found/$index.cores")}
    if [[ -z $reason ]]; then
      printf '%-20s ready, %s cores, %s ranks\n' "${hosts[index]}" "$(cat "$found/$index.cores")" "${slots[index]}" >&2
    else
      printf '%-20s NOT READY: %s\n' "${hosts[index]}" "$reason" >&2
      ready=no
    fi
  done
  [[ $ready == yes ]] || fail 2 "not all machines are ready; mend them or take them out of $host_file with a #"
}

start() {
  local index ranks=0 mpirun_flags=()
  for index in "${!hosts[@]}"; do
    printf '%s slots=%s\n' "${hosts[index]}" "${slots[index]}"
    ranks=$((ranks + slots[index]))
  done >"$found/hostfile"
  if [[ -z $network ]]; then use_one_machine; else use_network "$network"; fi
  export OMPI_MCA_plm_rsh_agent="${SSH[*]}"
  [[ -z ${CONVOY_DATA:-} ]] || mpirun_flags+=(-x CONVOY_DATA)
  say "Training with $ranks ranks on ${#hosts[@]} machines${network:+ over $network}"
  local code=0
  stoppable mpirun --hostfile "$found/hostfile" -np "$ranks" "${mpirun_flags[@]}" "$TRAINER" "${trainer_flags[@]}" ||
    code=$?
  explain_exit "$code"
  return "$code"
}

parse_command_line "$@"
read_host_file
[[ -x $TRAINER ]] || fail 2 "$TRAINER is not there: build it first (deploy/quickstart.sh)"
network=${network:-$(find_networks "${hosts[@]}")}
check_hosts
if [[ $check_only == no ]]; then start; fi
