#!/usr/bin/env bash
# Makes several hosts on this machine and runs a command on the first of them. A host is a network
# namespace with its own address, host name, ssh server, processes and /dev/shm, joined to the others by
# a bridge; files are shared, as on a cluster with a network file system. The command has the first
# host's address and name, but sees all hosts' processes. Nothing of it is visible from outside, and the
# kernel removes all of it, processes included, when the command or this script ends in whatever way.
#
# Usage: tests/hosts/with_hosts.sh HOSTS COMMAND [ARGS...]        (as root)
# The command sees:
#   CONVOY_HOSTS      "host1 host2 ...", known to every host by name; their addresses are 10.77.0.1 ...
#   CONVOY_HOST_FILE  a host file with one slot a host
#   CONVOY_SSH        the ssh command that reaches them without questions
#   CONVOY_HOST_PIDS  folder with a file HOST, the process id of a process in that host's namespaces:
#                     nsenter --target "$(cat "$CONVOY_HOST_PIDS/host2")" --net ip link set eth0 down
# Exit code: the command's; 2 wrong usage or not possible here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/lib.sh"
help_if_asked "$@"

NETWORK=10.77.0

# Everything below is run once more inside the namespaces, as their process 1.
outside() {
  [[ $# -ge 2 && $1 =~ ^[1-9][0-9]?$ ]] || fail 2 "usage: with_hosts.sh HOSTS COMMAND [ARGS...]"
  is_root || fail 2 "needs root: only root may make network namespaces with ssh servers in them"
  local program
  for program in ip unshare nsenter setpriv ssh-keygen /usr/sbin/sshd; do
    command -v "$program" >/dev/null || fail 2 "$program is missing: apt-get install iproute2 openssh-server"
  done
  # However this script ends, its end kills unshare, and that kills process 1 of the namespaces.
  local code=0
  trap 'exit 143' TERM INT HUP
  INSIDE_HOSTS=yes setpriv --pdeathsig KILL \
    unshare --net --mount --pid --ipc --uts --fork --kill-child --mount-proc \
    "$CONVOY_ROOT/tests/hosts/with_hosts.sh" "$@" &
  wait $! || code=$?
  exit "$code"
}

inside() {
  local folder=/run/hosts count=$1 number names=()
  shift
  unset INSIDE_HOSTS
  mount -t tmpfs tmpfs /run
  mkdir -p /run/sshd "$folder/pids"
  ip link set lo up
  ip link add bridge type bridge
  ip link set bridge up
  make_keys "$folder"
  for ((number = 1; number <= count; ++number)); do
    names+=("host$number")
    printf '%s.%d host%d\n' "$NETWORK" "$number" "$number" >>"$folder/hosts"
    printf 'host%d slots=1\n' "$number" >>"$folder/hostfile"
  done
  printf '127.0.0.1 localhost\n' >>"$folder/hosts"
  for ((number = 1; number <= count; ++number)); do
    start_host "$number" "$folder"
  done

  export CONVOY_HOSTS="${names[*]}" CONVOY_HOST_FILE=$folder/hostfile CONVOY_HOST_PIDS=$folder/pids
  export CONVOY_SSH="ssh -F none -i $folder/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -o ConnectTimeout=5"
  # The hosts share this machine's cores, and each takes all of them for its own: ranks must not spin.
  export OMPI_MCA_mpi_yield_when_idle=1
  wait_for_ssh "${names[@]}"
  local code=0
  # shellcheck disable=SC2016  # expanded by the shell inside
  nsenter --target "$(cat "$folder/pids/host1")" --net --uts --mount --ipc --wdns="$PWD" \
    unshare --mount bash -c 'umount /proc && exec "$@"' bash "$@" || code=$?
  exit "$code"
}

make_keys() {
  ssh-keygen -q -t ed25519 -N '' -f "$1/key"
  ssh-keygen -q -t ed25519 -N '' -f "$1/host_key"
  cp "$1/key.pub" "$1/authorized_keys"
}

# start_host NUMBER FOLDER: the process that leads the host is its ssh server.
start_host() {
  local name=host$1 address=$NETWORK.$1 folder=$2
  ip netns add "$name"
  ip link add "port$1" type veth peer name eth0 netns "$name"
  ip link set "port$1" master bridge up
  ip -n "$name" address add "$address/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" link set lo up
  # shellcheck disable=SC2016  # expanded by the host's own shell
  nsenter --net="/run/netns/$name" unshare --uts --mount --ipc --pid --fork bash -c '
    read -r pid _ </proc/self/stat  # as it is known outside
    mount -t proc proc /proc
    hostname "$1"
    mount -t tmpfs tmpfs /dev/shm
    mount --bind "$3/hosts" /etc/hosts
    echo "$pid" >"$3/pids/$1"
    exec /usr/sbin/sshd -D -e -f /dev/null -h "$3/host_key" -o ListenAddress="$2" -o UsePAM=no \
      -o AuthorizedKeysFile="$3/authorized_keys" -o StrictModes=no -o PidFile=none \
      -o PermitRootLogin=prohibit-password -o LogLevel=ERROR
  ' bash "$name" "$address" "$folder" 2>"$folder/$name.log" &
}

wait_for_ssh() {
  local name tries
  for name in "$@"; do
    tries=0
    # shellcheck disable=SC2086  # CONVOY_SSH is a command with its options
    until nsenter --target "$(cat "$CONVOY_HOST_PIDS/host1" 2>/dev/null || echo 1)" --net --mount \
      $CONVOY_SSH "$name" true 2>/dev/null; do
      tries=$((tries + 1))
      [[ $tries -lt 50 ]] || fail 1 "cannot reach $name by ssh: $(cat "$(dirname "$CONVOY_HOST_PIDS")/$name.log")"
      sleep 0.1
    done
  done
}

if [[ -n ${INSIDE_HOSTS:-} ]]; then inside "$@"; else outside "$@"; fi
