# Functions that the scripts of deploy/ and tests/ share. Source it, do not run it:
#   source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck shell=bash disable=SC2034  # variables for those who source it

CONVOY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CONVOY_BIN=$CONVOY_ROOT/build/release/bin
# What users run, by the names of the CMake targets; all else is built for tests.
CONVOY_PROGRAMS=(trainer coordinator convoy)

# say TEXT...: what is being done, on standard error, so that it does not mix with results.
say() { printf '== %s\n' "$*" >&2; }

# fail CODE TEXT...: one line that says what was wrong and what to do, then the end.
fail() {
  local code=$1
  shift
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit "$code"
}

# help_if_asked ARGS...: where the first argument asks for help, prints the comment at the top of the
# script, and that is all.
help_if_asked() {
  [[ ${1:-} == -h || ${1:-} == --help ]] || return 0
  sed -n '2,/^[^#]/{/^#/!d; s/^# \{0,1\}//; p}' "$0"
  exit 0
}

is_root() { [[ $(id -u) -eq 0 ]]; }

# can_become_root: whether as_root will work, which may ask for a password on a terminal.
can_become_root() {
  is_root || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; }
}

# as_root COMMAND...: runs it as root, by sudo where we are not root already.
as_root() {
  if is_root; then "$@"; else sudo "$@"; fi
}

# leave_root_after_sudo SCRIPT ARGS...: where root came by sudo from the owner of this tree, starts
# the script again as that user. Only packages need root; what is built, downloaded and trained
# should belong to the person who asked for it. Otherwise does nothing.
leave_root_after_sudo() {
  is_root && [[ -n ${SUDO_USER:-} && ${SUDO_UID:-0} -ne 0 ]] || return 0
  [[ $(stat -c %u "$CONVOY_ROOT") -eq $SUDO_UID ]] || return 0
  local home
  home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
  exec runuser -u "$SUDO_USER" -- env -u SUDO_USER -u SUDO_UID -u SUDO_GID \
    HOME="$home" USER="$SUDO_USER" LOGNAME="$SUDO_USER" "$@"
}

# build_release TARGET...: configures where needed and builds these targets of the preset "release", in a
# subshell; on a second call only what changed.
build_release() (
  cd "$CONVOY_ROOT" || exit
  build=build/release
  [[ ! -e $build || -w $build ]] ||
    fail 1 "cannot write $build, which belongs to $(stat -c %U "$build"): remove it, or run this as that user"
  # A tree that was copied or moved still names its old place.
  if [[ -f $build/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$build/CMakeCache.txt"; then
    cmake --fresh --preset release --log-level=WARNING >&2
  elif [[ ! -f $build/build.ninja ]]; then
    cmake --preset release --log-level=WARNING >&2
  fi
  CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(build_jobs)} cmake --build --preset release \
    --target "$@" >&2
)

# build_jobs: prints how many compilers may run at once: one a core, and at least 1.2 GB for each.
build_jobs() {
  awk -v cores="$(nproc)" '/^MemAvailable:/ { jobs = int($2 / 1200000) }
    END { print jobs < 1 ? 1 : jobs < cores ? jobs : cores }' /proc/meminfo
}

# find_mnist: prints the directory with the four MNIST files that the trainer would take, by the
# same order: $CONVOY_DATA, ./data/mnist, ~/.cache/convoy/mnist. Fails where there is none.
find_mnist() {
  if [[ -n ${CONVOY_DATA:-} ]]; then
    printf '%s\n' "$CONVOY_DATA"
    return 0
  fi
  local directory
  for directory in "$CONVOY_ROOT/data/mnist" "${HOME:-/nonexistent}/.cache/convoy/mnist"; do
    if has_mnist "$directory"; then
      printf '%s\n' "$directory"
      return 0
    fi
  done
  return 1
}

# has_mnist DIRECTORY: whether all four files are there, plain or gzipped.
has_mnist() {
  local name
  for name in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    [[ -f $1/$name || -f $1/$name.gz ]] || return 1
  done
}

# use_one_machine: Open MPI's settings for ranks that all run here, instead of flags of mpirun: any
# number of ranks on any number of cores, none bound to one core (a rank has helper threads), and only
# shared memory and loopback are used, so that a laptop without a network, a firewall or virtual bridges
# do not matter. Where ranks outnumber cores the trainer itself has waiting ranks give the core away;
# elsewhere that would only hand it to other programs for a whole time slice.
use_one_machine() {
  export OMPI_MCA_rmaps_base_oversubscribe=1
  export OMPI_MCA_hwloc_base_binding_policy=none
  export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader
  export OMPI_MCA_oob_tcp_if_include=lo
  allow_root
}

# stoppable COMMAND...: runs mpirun, or the like, so that Ctrl-C, SIGTERM and the end of a login stop
# the training with a checkpoint: they reach it as SIGUSR1, which mpirun passes on to the ranks, while
# it would answer the signals themselves by killing them. A second one ends it at once. Returns the
# command's exit code and leaves the name of the first signal, or nothing, in stopped_by.
stoppable() {
  # In a session of its own, so that the terminal's Ctrl-C comes to this script alone. A background
  # job of a script leads no process group, so setsid becomes the command and does not fork.
  setsid "$@" </dev/null &
  local job=$! code signals=0 seen signal
  stopped_by=""
  for signal in INT TERM USR1 HUP; do
    # shellcheck disable=SC2064  # the name is expanded now, the rest when the signal comes
    trap "stopped_by=\${stopped_by:-$signal} signals=\$((signals + 1)); stop_training \"\$job\" \"\$signals\"" $signal
  done
  while :; do
    seen=$signals code=0
    wait "$job" || code=$?
    # A wait that a signal cut short says nothing about the command.
    [[ $code -gt 128 && $signals -ne $seen ]] || break
  done
  trap - INT TERM USR1 HUP
  return "$code"
}

# stop_training PROCESS N: sends the signal that belongs to the N-th wish to stop.
stop_training() {
  if [[ $2 -eq 1 ]]; then
    say "Stopping with a checkpoint (once more to stop at once)"
    kill -USR1 "$1" 2>/dev/null || true
  else
    kill -TERM "$1" 2>/dev/null || true
  fi
}

# explain_exit CODE: says what mpirun meant with an exit code that is none of the trainer's own.
explain_exit() {
  case $1 in
    0 | 1 | 2 | 75 | 76 | 77) ;;
    205) say "A machine was lost; the same command with --run-dir DIR --resume goes on from the last checkpoint" ;;
    137) say "A rank was killed (out of memory? dmesg tells); with --run-dir DIR --resume it goes on from the last checkpoint" ;;
    129 | 1[3-9]?) say "A rank died of signal $(($1 - 128))" ;;
    *) say "mpirun ended with $1, before or beside the trainer" ;;
  esac
}

# allow_root: mpirun refuses root unless told twice. In a container root is all that there is.
allow_root() {
  if is_root; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}
