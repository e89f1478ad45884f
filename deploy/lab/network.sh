# The network between machines: which one it is, who is in it, and Open MPI's settings for it.
# Source it after deploy/lib.sh.
# shellcheck shell=bash

# address_of HOST: prints its IPv4 address; nothing where the name is unknown.
address_of() { { getent ahostsv4 "${1##*@}" || true; } | awk 'NR == 1 { print $1 }'; }

# is_here HOST: whether it is this machine, whose name is often 127.0.1.1 to itself.
is_here() {
  local address
  address=$(address_of "$1")
  [[ -n $address && ($address == 127.* || " $(hostname -I) " == *" $address "*) ]]
}

# find_networks HOST...: prints the networks, as ADDRESS/BITS with commas, by which this machine reaches
# the others directly; nothing where all are this machine. Hosts without an address are left out.
find_networks() {
  local host address route device source
  for host in "$@"; do
    address=$(address_of "$host")
    if [[ -z $address ]] || is_here "$host"; then continue; fi
    command -v ip >/dev/null || fail 2 "the command ip is missing (package iproute2): say --network CIDR"
    route=$(ip -o -4 route get "$address") || fail 2 "no way to $host ($address) from this machine"
    [[ $route != *" via "* ]] ||
      fail 2 "$host ($address) is in no network of this machine: say which ones to use with --network CIDR,CIDR"
    device=$(sed -n 's/.* dev \([^ ]*\).*/\1/p' <<<"$route")
    source=$(sed -n 's/.* src \([^ ]*\).*/\1/p' <<<"$route")
    ip -o -4 address show dev "$device" | grep -o "inet $source/[0-9]*" | cut -d' ' -f2
  done | sort -u | paste -sd,
}

# is_cidr_list TEXT: whether it is ADDRESS/BITS, or several with commas.
is_cidr_list() { [[ $1 =~ ^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}(,([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2})*$ ]]; }

# in_networks CIDRS ADDRESS...: whether one of the addresses lies in one of the networks.
in_networks() {
  local cidr address shift cidrs
  IFS=, read -r -a cidrs <<<"$1"
  for cidr in "${cidrs[@]}"; do
    shift=$((32 - ${cidr#*/}))
    for address in "${@:2}"; do
      [[ $address == *.*.*.* ]] || continue
      [[ $(($(number_of "$address") >> shift)) -ne $(($(number_of "${cidr%/*}") >> shift)) ]] || return 0
    done
  done
  return 1
}

# number_of ADDRESS: prints an IPv4 address as one number.
number_of() {
  local parts
  IFS=. read -r -a parts <<<"$1"
  printf '%d' "$((10#${parts[0]} << 24 | 10#${parts[1]} << 16 | 10#${parts[2]} << 8 | 10#${parts[3]}))"
}

# use_network CIDRS: Open MPI's settings for ranks on several machines. Only the named networks, for
# bridges of virtual machines and containers have the same address everywhere and make it hang. With
# keepalive, a machine that is switched off or cut off ends the job after some ten seconds; otherwise
# the others would wait for it for ever.
use_network() {
  export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_tcp_if_include=$1 OMPI_MCA_oob_tcp_if_include=$1
  export OMPI_MCA_oob_tcp_keepalive_time=5 OMPI_MCA_oob_tcp_keepalive_intvl=2 OMPI_MCA_oob_tcp_keepalive_probes=3
  export OMPI_MCA_hwloc_base_binding_policy=none
  allow_root
}
