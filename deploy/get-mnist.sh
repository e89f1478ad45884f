#!/usr/bin/env bash
# Downloads MNIST: four files, 11 MB, each checked by the SHA-256 of what it unpacks to. Files that
# are there and right are left alone; what an earlier call began is resumed. A file gets its name
# only when it is complete and right; until then it is called NAME.gz.part.
#
# Usage: deploy/get-mnist.sh [DIR]
#   DIR is ~/.cache/convoy/mnist unless given: one of the places where the trainer looks by itself
#   (docs/data.md has the order). For any other: trainer --data DIR, or CONVOY_DATA=DIR.
# Environment:
#   CONVOY_MNIST_MIRRORS     where to download from, URLs of directories separated by spaces, tried
#                            in turn; for a lab with a copy of its own
#   CONVOY_MNIST_SHA256SUMS  a file in sha256sum's form with the four digests to expect instead of
#                            MNIST's, for another data set of the same form
# Exit code: 0 all four files are there; 1 they are not: run it again to go on; 2 wrong usage, a
# directory that cannot be written, files of another data set there, or a tool is missing.
set -euo pipefail

# Of the uncompressed files. Mirrors compress in different ways, so the .gz files may differ.
mnist_sha256sums='ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte'
read -ra mirrors <<<"${CONVOY_MNIST_MIRRORS:-https://storage.googleapis.com/cvdf-datasets/mnist/ https://ossci-datasets.s3.amazonaws.com/mnist/}"

say() { printf '== %s\n' "$*" >&2; }

# fail CODE TEXT...: one line that says what was wrong and what to do, then the end.
fail() {
  local code=$1
  shift
  printf 'get-mnist.sh: %s\n' "$*" >&2
  exit "$code"
}

# usage: prints the comment at the top of this file.
usage() { sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "$0"; }

# check_tools: ends the script unless all that it calls is there; sets downloader.
check_tools() {
  local tool
  for tool in gzip sha256sum flock; do
    command -v "$tool" >/dev/null || fail 2 "$tool is missing: apt-get install gzip coreutils util-linux"
  done
  if command -v curl >/dev/null; then
    downloader=curl
  elif command -v wget >/dev/null; then
    downloader=wget
  else
    fail 2 "neither curl nor wget is there: apt-get install curl ca-certificates"
  fi
}

# read_sums: sets sums to the lines "SHA-256  NAME" of the four files.
read_sums() {
  sums=$mnist_sha256sums
  if [[ -n ${CONVOY_MNIST_SHA256SUMS:-} ]]; then
    sums=$(cat "$CONVOY_MNIST_SHA256SUMS") || fail 2 "CONVOY_MNIST_SHA256SUMS: cannot read that file"
  fi
}

# lock_directory: makes $dir and lets one call at a time work there. The lock goes to the downloader
# too: should this script be killed, another call waits until that has ended as well.
lock_directory() {
  local reason lock=$dir/.get-mnist.lock
  reason=$(mkdir -p "$dir" 2>&1 && touch "$lock" 2>&1) ||
    fail 2 "$reason; name another directory: get-mnist.sh DIR"
  exec 3>>"$lock"
  if ! flock -n 3; then
    say "Waiting for another get-mnist.sh in $dir"
    flock 3
  fi
  locked=yes
}

# holds FILE SHA256: whether FILE, plain or gzip, holds what has this digest.
holds() {
  local digest
  digest=$(gzip -cdfq "$1" 2>/dev/null | sha256sum) && [[ ${digest%% *} == "$2" ]]
}

# existing NAME: prints the path of that file, as the trainer looks for it; fails if there is none.
existing() {
  local ending path
  for ending in "" .gz; do
    for path in "$dir/$1$ending" "$dir/${1/-idx/.idx}$ending"; do
      if [[ -e $path ]]; then
        printf '%s\n' "$path"
        return 0
      fi
    done
  done
  return 1
}

# download URL FILE: goes on at the end of FILE. Fails if it does not come to the end; then
# server_refused says whether that is because of the server's answer, and not for lack of one.
download() {
  local code=0
  if [[ $downloader == curl ]]; then
    curl --fail --location --silent --show-error --connect-timeout 20 --speed-limit 100 --speed-time 60 \
      --continue-at - --output "$2" "$1" || code=$?
    # The HTTP codes from 400; no support for ranges; a range beyond the end.
    if [[ $code == 22 || $code == 33 || $code == 36 ]]; then server_refused=yes; fi
  else
    wget --no-verbose --tries=1 --dns-timeout=20 --connect-timeout=20 --read-timeout=60 \
      --continue --output-document="$2" "$1" || code=$?
    # An error of wget's own, as for no support for ranges; an error of the server.
    if [[ $code == 1 || $code == 8 ]]; then server_refused=yes; fi
  fi
  return "$code"
}

# try_mirror MIRROR NAME SHA256: downloads NAME.gz, checks it and gives it its name.
try_mirror() {
  local url=${1%/}/$2.gz part=$dir/$2.gz.part
  if [[ -s $part ]]; then
    say "Resuming $url"
  else
    say "Downloading $url"
  fi
  download "$url" "$part" || return 1
  if ! holds "$part" "$3"; then
    say "What $url gave is not $2 (another SHA-256): deleted"
    rm -f "$part"
    return 1
  fi
  mv -f "$part" "$dir/$2.gz"
}

# try_mirrors NAME SHA256: gets the file from the first mirror that has it.
try_mirrors() {
  local mirror
  for mirror in "${mirrors[@]}"; do
    try_mirror "$mirror" "$1" "$2" && return 0
  done
  return 1
}

# fetch NAME SHA256: gets the file. A beginning from an earlier call is used; where that leads nowhere
# though a server answered, it is dropped and all is tried once more: it may be of other bytes than
# the mirrors have today.
fetch() {
  local part=$dir/$1.gz.part resumed=no
  server_refused=no
  if [[ -s $part ]]; then resumed=yes; fi
  try_mirrors "$1" "$2" && return 0
  if [[ $resumed == yes && ($server_refused == yes || ! -e $part) ]]; then
    say "Starting $1.gz from the beginning"
    rm -f "$part"
    try_mirrors "$1" "$2" && return 0
  fi
  [[ -s $part ]] || rm -f "$part"
  return 1
}

# get NAME SHA256: leaves a file alone that is there and right, fetches one that is not there.
get() {
  local path
  if ! path=$(existing "$1") && [[ $locked == no ]]; then
    lock_directory
    path=$(existing "$1") || true # while we waited, another call may have got it
  fi
  if [[ -z $path ]]; then
    fetch "$1" "$2" || fail 1 "could not get $1.gz from any of: ${mirrors[*]} (see above);" \
      "run it again to go on, or put the file into $dir yourself"
    fetched=$((fetched + 1))
  elif ! holds "$path" "$2"; then
    fail 2 "$path is there but is not MNIST's (another SHA-256): remove it, or name another directory"
  fi
}

case ${1:-} in
  -h | --help) usage; exit 0 ;;
  -*) fail 2 "unknown flag $1: the only argument is the directory" ;;
esac
[[ $# -le 1 ]] || fail 2 "too many arguments: the only one is the directory"
home=~
dir=${1:-$home/.cache/convoy/mnist}
locked=no
fetched=0
check_tools
read_sums
# On a descriptor of its own, so that no command in the loop can swallow the list.
while read -r sha256 name <&4; do
  get "$name" "$sha256"
done 4<<<"$sums"
# Nobody needs the lock any more: whoever comes now finds all files there.
if [[ $locked == yes ]]; then rm -f "$dir/.get-mnist.lock"; fi
if [[ $fetched -eq 0 ]]; then
  say "MNIST is in $dir already, all four files as they should be"
else
  say "MNIST is in $dir: $fetched files downloaded, all four checked"
fi
