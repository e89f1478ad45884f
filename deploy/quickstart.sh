#!/usr/bin/env bash
# From a fresh clone to a trained network: installs what is missing, builds, gets MNIST and trains on
# all cores of this machine. A second call installs, builds and downloads nothing again.
#
# Usage: deploy/quickstart.sh [TRAINER FLAGS...]
#   such as: deploy/quickstart.sh --epochs 10 --seed 7      (all flags: build/release/bin/trainer --help)
# Environment: CONVOY_DATA   directory of the MNIST files, instead of looking for them
#              CONVOY_RANKS  how many ranks to start; one a core unless set
# Exit code: the trainer's: 0 done, 1 failed, 2 wrong usage or input, 75 stopped with a checkpoint.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

# names_data FLAGS...: whether the trainer's flags say what to train on.
names_data() {
  local flag
  for flag in "$@"; do
    [[ $flag != --data && $flag != --data=* ]] || return 0
  done
  return 1
}

# Finds or downloads MNIST; sets data_flags to what the trainer needs to know about it.
get_data() {
  data_flags=()
  if names_data "$@"; then
    say "3/4 Data: as the flags say"
  elif CONVOY_DATA=$(find_mnist); then
    say "3/4 Data: MNIST from $CONVOY_DATA"
    data_flags=(--data "$CONVOY_DATA")
  else
    say "3/4 Data: downloading MNIST"
    if "$CONVOY_ROOT/deploy/get-mnist.sh" && CONVOY_DATA=$(find_mnist); then
      data_flags=(--data "$CONVOY_DATA")
    else
      say "MNIST could not be downloaded, so this trains on GENERATED DIGITS, which are not MNIST." \
        "With the four files at hand: CONVOY_DATA=DIRECTORY deploy/quickstart.sh"
      data_flags=(--data generated)
    fi
  fi
}

ranks=${CONVOY_RANKS:-$(nproc)}
[[ $ranks =~ ^[1-9][0-9]*$ ]] || fail 2 "CONVOY_RANKS=$ranks is not a number of ranks"

say "1/4 Packages"
"$CONVOY_ROOT/deploy/install.sh"
leave_root_after_sudo "$CONVOY_ROOT/deploy/quickstart.sh" "$@"
say "2/4 Build"
build_release "${CONVOY_PROGRAMS[@]}"
get_data "$@"

say "4/4 Training on $ranks cores: mpirun -np $ranks trainer ${data_flags[*]} $*"
use_one_machine
# mpirun's own paragraphs about a failed rank would bury the trainer's one line.
export OMPI_MCA_orte_execute_quiet=1
code=0
stoppable mpirun -np "$ranks" "$CONVOY_BIN/trainer" "${data_flags[@]}" "$@" || code=$?
explain_exit "$code"
exit "$code"
