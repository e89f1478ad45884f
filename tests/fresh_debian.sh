#!/usr/bin/env bash
# Tries the README's commands on a fresh minimal Debian 12, which has no sudo, git, cmake or compiler:
# makes one by debootstrap from the mirror of apt's own configuration, clones the last commit of this
# tree into it, and runs deploy/quickstart.sh and deploy/check.sh there, as root and as a plain user,
# with sudo and without, with MNIST and without. Prints what each took. Takes some 20 minutes.
#
# Usage: tests/fresh_debian.sh [--base FILE.tar] [STEP...]         (as root)
#   --base FILE.tar  keeps the empty Debian there, and takes it from there the next time
#   STEP             some of the steps only; see STEPS below
# Environment: CONVOY_DATA  directory of the MNIST files; looked for where it is not set
# Exit code: 0 all as expected, 1 not, 2 wrong usage or not possible here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"
help_if_asked "$@"

STEPS=(user_without_sudo quickstart_generated quickstart_again check_without_data check_with_data
  quickstart_mnist user_with_sudo root_by_sudo user_with_packages
  bundle_elsewhere)

main() {
  local base="" step
  if [[ ${1:-} == --base ]]; then
    [[ $# -ge 2 ]] || fail 2 "--base needs a file name"
    base=$2
    shift 2
  fi
  for step in "$@"; do
    [[ " ${STEPS[*]} " == *" $step "* ]] || fail 2 "no step $step; there are: ${STEPS[*]}"
  done
  is_root || fail 2 "needs root: only root may make another Debian"
  command -v debootstrap >/dev/null || fail 2 "debootstrap is missing: apt-get install debootstrap"
  mnist=$(find_mnist) || fail 2 "needs MNIST for the steps with data: deploy/get-mnist.sh"
  mnist=$(cd "$mnist" && pwd)

  if [[ -z ${FRESH_DEBIAN_ROOT:-} ]]; then outside ${base:+--base "$base"} "$@"; fi
  root=$FRESH_DEBIAN_ROOT
  make_debian "$base"
  mount_system
  git clone -q "file://$CONVOY_ROOT" "$root/convoy"
  [[ $# -gt 0 ]] || set -- "${STEPS[@]}"
  failures=0
  for step in "$@"; do run_step "$step"; done
  cat "$root/summary"
  [[ $failures -eq 0 ]]
}

# outside ARGS...: runs this script once more where all processes and mounts are its own, so that none is
# left and nothing that is mounted can be removed by accident, however it ends. Does not return.
outside() {
  root=$(mktemp -d)
  chmod 755 "$root"
  FRESH_DEBIAN_ROOT=$root CONVOY_DATA=$mnist setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child --mount-proc "$CONVOY_ROOT/tests/fresh_debian.sh" "$@" &
  # shellcheck disable=SC2064  # the process and the folder are expanded now
  trap "kill -KILL $! 2>/dev/null; wait; rm -rf --one-file-system '$root' '$root.second'" EXIT
  trap 'exit 143' TERM INT HUP
  local code=0
  wait $! || code=$?
  exit "$code"
}

make_debian() {
  if [[ -n $1 && -f $1 ]]; then
    tar -xf "$1" -C "$root"
    return
  fi
  local mirror
  mirror=$(debian_targets | awk -F'|' '{ print $1; exit }')
  [[ -n $mirror ]] || fail 2 "apt knows no Debian mirror: apt-get update"
  say "Making a minimal Debian"
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || fail 1 "$(tail -n 3 "$root.log")"
  rm -f "$root.log"
  debian_targets | awk -F'|' '{ print "deb", $1, $2, $3 }' >"$root/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(http|https|Retries)\b' >"$root/etc/apt/apt.conf.d/90host" || true
  [[ -z $1 ]] || tar -cf "$1" -C "$root" .
}

# debian_targets: prints URI|SUITE|COMPONENT of this machine's own Debian sources.
debian_targets() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' |
    sed -n 's/|Debian$//p'
}

mount_system() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mkdir "$root/mnist"
  mount --bind -o ro "$mnist" "$root/mnist"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

# fresh COMMAND...: runs it in the Debian with an empty environment, as root.
fresh() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    chroot "$root" bash -c 'cd /convoy && exec "$@"' bash "$@" </dev/null
}

# no_mirror COMMAND...: the same, where MNIST cannot be downloaded.
no_mirror() { fresh env CONVOY_MNIST_MIRRORS=http://127.0.0.1:9/ "$@"; }

# as_anna COMMAND...: as a plain user who owns the clone.
as_anna() {
  fresh id anna >/dev/null 2>&1 || fresh useradd -m -d /srv/anna -s /bin/bash anna
  fresh chown -R anna: /convoy
  fresh runuser -u anna -- env HOME=/srv/anna USER=anna "$@"
}

user_without_sudo() {
  expect 2 as_anna deploy/quickstart.sh
  fresh chown -R root: .
}
quickstart_generated() { expect 0 no_mirror deploy/quickstart.sh --epochs 1; }
quickstart_again() { expect 0 no_mirror deploy/quickstart.sh --epochs 1 --train-limit 1000; }
check_without_data() { expect 0 no_mirror deploy/check.sh; }
check_with_data() { expect 0 fresh env CONVOY_DATA=/mnist deploy/check.sh; }
quickstart_mnist() { expect 0 fresh env CONVOY_DATA=/mnist deploy/quickstart.sh; }
user_with_packages() { expect 0 as_anna deploy/quickstart.sh --data /mnist --epochs 1; }

# One package less, so that sudo has something to do.
prepare_sudo() {
  fresh env DEBIAN_FRONTEND=noninteractive apt-get install -y -q sudo >/dev/null 2>&1
  as_anna true
  echo 'anna ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/anna"
  fresh apt-get remove -y -q libcli11-dev >/dev/null 2>&1
}

user_with_sudo() {
  prepare_sudo
  expect 0 as_anna deploy/quickstart.sh --data /mnist --epochs 1
  expect_owner anna
}

root_by_sudo() {
  prepare_sudo
  expect 0 as_anna sudo deploy/quickstart.sh --data /mnist --epochs 1
  expect_owner anna
}

# On a second Debian, where nothing is installed.
bundle_elsewhere() {
  fresh deploy/bundle.sh /convoy/convoy.tar.gz
  local archive=$root/convoy/convoy.tar.gz root=$root.second
  mkdir "$root" "$root/convoy"
  make_debian "$base"
  mount_system
  cp "$archive" "$root/convoy/"
  # shellcheck disable=SC2016  # expanded there
  expect 0 as_anna bash -c 'tar xf convoy.tar.gz && export OMPI_MCA_rmaps_base_oversubscribe=1 &&
    convoy/mpirun -np 3 convoy/trainer --data /mnist --epochs 1 --train-limit 1000 &&
    convoy/trainer --local-ranks 2 --data /mnist --epochs 1 --train-limit 1000'
}

# expect_owner USER: nothing in the clone belongs to another.
expect_owner() {
  local others
  others=$(fresh find . -not -user "$1" | head -n 3)
  [[ -z $others ]] || { say "not owned by $1: $others" && code="0, but wrong owner" && failures=$((failures + 1)); }
}

# expect CODE COMMAND...
expect() {
  code=0
  "${@:2}" || code=$?
  [[ $code -eq $1 ]] || failures=$((failures + 1))
}

run_step() {
  local start=$SECONDS
  say "Step $1"
  "$1"
  printf '%-24s %5d s   exit code %s\n' "$1" $((SECONDS - start)) "$code" >>"$root/summary"
  tail -n 1 "$root/summary" >&2
}

main "$@"
