#!/usr/bin/env bash
# Trains on the machines of a host file, and goes on by itself when one of them fails: `convoy run`, which
# first looks whether each can be reached by ssh and has the same build. This script can also copy the
# trainer to them. docs/several_machines.md is the manual.
#
# Usage: deploy/lab/run.sh HOST_FILE [OPTIONS] [-- TRAINER FLAGS...]
#   --network CIDR[,CIDR]  the network between the machines, such as 192.168.1.0/24; unless given, the
#                          one by which this machine reaches them
#   --copy                 first copies the trainer to machines that have another build or none
#   --check                checks the machines and starts nothing
# Environment: CONVOY_SSH   the ssh command; "ssh -o BatchMode=yes -o ConnectTimeout=5" unless set
#              CONVOY_DATA  passed on to the ranks
# Ctrl-C stops with a checkpoint; the same command with --run-dir goes on. Exit code: that of convoy run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
help_if_asked "$@"

TRAINER=$CONVOY_BIN/trainer
read -r -a SSH <<<"${CONVOY_SSH:-ssh -o BatchMode=yes -o ConnectTimeout=5}"
USAGE="usage: deploy/lab/run.sh HOST_FILE [--network CIDR] [--copy] [--check] [-- TRAINER FLAGS...]"

parse_command_line() {
  [[ $# -ge 1 && $1 != -* ]] || fail 2 "$USAGE"
  host_file=$1 copy=no options=()
  [[ -r $host_file ]] || fail 2 "cannot read the host file $host_file (deploy/lab/hosts.example shows one)"
  shift
  while [[ $# -gt 0 && $1 != -- ]]; do
    case $1 in
      --network) [[ $# -ge 2 ]] || fail 2 "--network needs a value, such as 192.168.1.0/24"
        options+=(--network "$2") && shift ;;
      --copy) copy=yes ;;
      --check) options+=(--check) ;;
      *) fail 2 "unknown option $1 (flags of the trainer come after --); $USAGE" ;;
    esac
    shift
  done
  trainer_flags=("${@:2}")
}

# host_names: prints those of the host file; what is none is said by convoy run.
host_names() { sed 's/#.*//' "$host_file" | awk 'NF { print $1 }' | grep -E '^[A-Za-z0-9_][A-Za-z0-9_.@-]*$' || true; }

# copy_trainer HOST: where it has another build or none. What goes wrong is seen by convoy run.
copy_trainer() {
  local folder name own found
  folder=$(printf '%q' "$(dirname "$TRAINER")")
  name=$(printf '%q' "$TRAINER")
  own=$(sha256sum <"$TRAINER")
  found=$("${SSH[@]}" "$1" "sha256sum <$name" </dev/null 2>/dev/null) || [[ $? -ne 255 ]] || return 0
  [[ $found != "$own" ]] || return 0
  say "Copying the trainer to $1"
  "${SSH[@]}" "$1" "mkdir -p $folder && cat >$name.new && chmod 755 $name.new && mv $name.new $name" <"$TRAINER" || true
}

parse_command_line "$@"
[[ -x $TRAINER && -x $CONVOY_BIN/convoy ]] || fail 2 "$TRAINER is not there: build it first (deploy/quickstart.sh)"
if [[ $copy == yes ]]; then
  for host in $(host_names); do copy_trainer "$host" & done
  wait
fi
exec "$CONVOY_BIN/convoy" run --hostfile "$host_file" "${options[@]}" -- "${trainer_flags[@]}"
