#!/usr/bin/env bash
# Runs a test program under mpirun on this one machine, with a time-out, so that a deadlock is a
# failure and not a hang, and leaves nothing in /dev/shm or /tmp whatever the ranks do.
#
# Usage: tests/support/mpirun.sh RANKS PROGRAM [ARGS...]
# Environment: CONVOY_MPIRUN_TIMEOUT  seconds, 110 unless set: less than the ctest's own
# Exit code: mpirun's; 124 after the time-out; 2 wrong usage.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
help_if_asked "$@"

[[ $# -ge 2 && $1 =~ ^[1-9][0-9]*$ ]] || fail 2 "usage: mpirun.sh RANKS PROGRAM [ARGS...]"
ranks=$1
shift

scratch=$(mktemp -d /dev/shm/convoy.XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
use_one_machine
export OMPI_MCA_orte_tmpdir_base=$scratch
export OMPI_MCA_btl_vader_backing_directory=$scratch
export OMPI_MCA_osc_sm_backing_directory=$scratch

# In the background, so that a signal to this script is seen at once and passed on.
timeout --kill-after=10 "${CONVOY_MPIRUN_TIMEOUT:-110}" mpirun -np "$ranks" "$@" </dev/null &
job=$!
trap 'kill -TERM "$job" 2>/dev/null; wait "$job" || true; exit 143' TERM INT HUP
code=0
wait "$job" || code=$?
[[ $code -ne 124 ]] || printf 'mpirun.sh: stopped after the time-out: %s\n' "$*" >&2
exit "$code"
