# Functions that the scripts of deploy/ and tests/ share. Source it, do not run it:
#   source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck shell=bash disable=SC2034  # variables for those who source it

CONVOY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CONVOY_BIN=$CONVOY_ROOT/build/release/bin

# say TEXT...: what is being done, on standard error, so that it does not mix with results.
say() { printf '== %s\n' "$*" >&2; }

# fail CODE TEXT...: one line that says what was wrong and what to do, then the end.
fail() {
  local code=$1
  shift
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit "$code"
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

# build_release: configures where needed and builds the preset "release"; on a second call only what
# changed. The trees of another user or another place would fail later and less clearly.
build_release() {
  local build=$CONVOY_ROOT/build/release
  [[ ! -e $build || -w $build ]] ||
    fail 1 "cannot write $build, which belongs to $(stat -c %U "$build"): remove it, or run this as that user"
  cd "$CONVOY_ROOT" || return
  if [[ ! -f $build/build.ninja ]]; then
    say "Configuring $build"
    cmake --preset release --log-level=WARNING >&2
  fi
  say "Building (on $(nproc) cores)"
  cmake --build --preset release >&2
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

# use_one_machine: Open MPI's settings for ranks that all run here, instead of flags of mpirun:
# any number of ranks on any number of cores, none bound to one core (a rank has helper threads),
# waiting ranks give the core away, and only loopback is used, so that a laptop without a network,
# a firewall or virtual bridges do not matter.
use_one_machine() {
  export OMPI_MCA_rmaps_base_oversubscribe=1
  export OMPI_MCA_mpi_yield_when_idle=1
  export OMPI_MCA_hwloc_base_binding_policy=none
  export OMPI_MCA_btl=self,vader
  export OMPI_MCA_oob_tcp_if_include=lo
  allow_root
}

# allow_root: mpirun refuses root unless told twice. In a container root is all that there is.
allow_root() {
  if is_root; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}
