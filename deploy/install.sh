#!/usr/bin/env bash
# Installs the packages of deploy/packages.txt that are missing, as root or with sudo. Where none is
# missing it says nothing, asks nothing and does not touch the network.
#
# Usage: deploy/install.sh [--list]
#   --list   prints the names of the missing packages and installs nothing
# Exit code: 0 all there, 1 failed, 2 wrong usage or packages that only an administrator can install.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

# Prints the names in packages.txt that are neither installed nor provided by what is installed.
missing_packages() {
  dpkg-query -W -f '${db:Status-Status}|${Package}, ${Provides}\n' |
    awk -F'|' '
      FNR == NR { if ($1 == "installed") { n = split($2, names, /, */)
                    for (i = 1; i <= n; ++i) { sub(/ .*/, "", names[i]); have[names[i]] = 1 } }
                  next }
      { sub(/#.*/, ""); gsub(/[ \t\r]/, ""); if ($0 != "" && !($0 in have)) print }
    ' - "$CONVOY_ROOT/deploy/packages.txt"
}

# Prints those of the packages that apt cannot install by what it knows now.
unknown_packages() {
  LC_ALL=C apt-cache policy "$@" 2>/dev/null | awk '
    BEGIN { for (i = 1; i < ARGC; ++i) unknown[ARGV[i]] = 1; ARGC = 1 }
    /^[^ ]/ { sub(/:$/, ""); name = $0 }
    $1 == "Candidate:" && $2 != "(none)" { delete unknown[name] }
    END { for (name in unknown) print name }
  ' "$@"
}

update_lists() {
  say "Updating the lists of packages"
  as_root apt-get -qq update || say "apt-get update reported an error; trying with the lists that are there"
}

# Everything that dpkg says goes into a log; of a failure the end is shown.
install_packages() {
  local log
  log=$(mktemp)
  if as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get install -y -q \
    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  tail -n 15 "$log" >&2
  rm -f "$log"
  return 1
}

main() {
  case "$#:${1:-}" in
    0: | 1:--list) ;;
    *) fail 2 "usage: deploy/install.sh [--list]" ;;
  esac
  command -v apt-get >/dev/null ||
    fail 2 "this system has no apt-get: Convoy's packages are those of Debian 12 and newer (docs/install.md)"

  local missing unknown
  mapfile -t missing < <(missing_packages)
  if [[ ${1:-} == --list ]]; then
    [[ ${#missing[@]} -eq 0 ]] || printf '%s\n' "${missing[@]}"
    return 0
  fi
  [[ ${#missing[@]} -gt 0 ]] || return 0

  can_become_root || fail 2 "packages are missing and neither root nor sudo is at hand; have an" \
    "administrator run: apt-get install ${missing[*]} (or see docs/install.md)"
  mapfile -t unknown < <(unknown_packages "${missing[@]}")
  [[ ${#unknown[@]} -eq 0 ]] || update_lists
  mapfile -t unknown < <(unknown_packages "${missing[@]}")
  [[ ${#unknown[@]} -eq 0 ]] ||
    fail 1 "apt knows no package ${unknown[*]}: is this Debian 12 or newer, and are its sources reachable?"

  say "Installing ${#missing[@]} packages and what they need, a minute or two: ${missing[*]}"
  if ! install_packages "${missing[@]}"; then
    # Lists that are older than the mirror name files which are gone.
    update_lists
    install_packages "${missing[@]}" || fail 1 "apt-get install failed, see above"
  fi
}

main "$@"
