#!/usr/bin/env bash
# Makes certificates for a coordinator: an authority, one certificate for the server and one for
# clients, valid for a year.
#
# Usage: deploy/make-certs.sh DIRECTORY HOST...
#   HOST...  all names and addresses under which clients reach the coordinator
# Leaves in DIRECTORY: ca.pem, server.pem, server.key, client.pem, client.key. What is there already
# is not replaced. The authority's own key is thrown away: nobody can make more certificates with it.
# Exit code: 0 done, 1 failed, 2 wrong usage or input.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

[[ $# -ge 2 ]] || fail 2 "usage: deploy/make-certs.sh DIRECTORY HOST..."
directory=$1
shift
for name in ca.pem server.pem server.key client.pem client.key; do
  [[ ! -e $directory/$name ]] || fail 2 "$directory/$name is there already; name another directory"
done
command -v openssl >/dev/null || fail 1 "openssl is missing: deploy/install.sh installs it"

# subject_names HOST...: the certificate's names, IP:... for addresses and DNS:... for others.
subject_names() {
  local host names=()
  for host in "$@"; do
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then
      names+=("IP:$host")
    else
      names+=("DNS:$host")
    fi
  done
  local IFS=,
  printf '%s' "${names[*]}"
}

# issue NAME EXTENSIONS: a key and a certificate of the authority.
issue() {
  openssl req -new "${new_key[@]}" -keyout "$directory/$1.key" -subj "/CN=convoy $1" 2>/dev/null |
    openssl x509 -req -days 365 -CA "$directory/ca.pem" -CAkey "$scratch/ca.key" -CAcreateserial \
      -CAserial "$scratch/serial" -extfile <(printf '%s\n' "$2") -out "$directory/$1.pem" 2>/dev/null
}

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
umask 077
mkdir -p "$directory"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
openssl req -x509 "${new_key[@]}" -days 365 -keyout "$scratch/ca.key" -out "$directory/ca.pem" \
  -subj "/CN=convoy authority" 2>/dev/null
issue server "subjectAltName=$(subject_names "$@")"
issue client "extendedKeyUsage=clientAuth"
say "Certificates are in $directory:" \
  "coordinator --tls-cert $directory/server.pem --tls-key $directory/server.key;" \
  "trainer and convoy --tls-ca $directory/ca.pem"
