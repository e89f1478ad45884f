#!/usr/bin/env bash
# Measures training on several hosts with slow links: images a second, and bytes that a rank sends a step. The
# hosts are network namespaces of this machine, whose cores they share, so only what the links take is that of
# real hosts. bench/scaling_model.py --measured FILE puts the model's numbers beside.
#
# Usage: bench/slow_links.sh [MBIT...] >FILE    (as root, after building the preset release; 100 and 1000)
# Environment: HOSTS, BATCHES  which ("1 2 3 4", "128 512 2048")
#              STEPS           of an epoch (20; at most 23, as MNIST has 60,000 images)
#              FLAGS           more of the trainer's, such as "--exchange bfloat16"
# Output, a line each: Mbit/s, hosts, batch, images/s, bytes that host2 sends a step
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"
help_if_asked "$@"

STEPS=${STEPS:-20}
read -r -a host_counts <<<"${HOSTS:-1 2 3 4}"
read -r -a flags <<<"${FLAGS:-}"
read -r -a batches <<<"${BATCHES:-128 512 2048}"

main() {
  [[ $# -gt 0 ]] || set -- 100 1000
  printf '# Mbit/s hosts batch images/s bytes-a-rank-and-step; %s\n' "$(git -C "$CONVOY_ROOT" rev-parse --short HEAD)"
  "$CONVOY_ROOT/tests/hosts/with_hosts.sh" 4 "$CONVOY_ROOT/bench/slow_links.sh" --inside "$@"
}

inside() {
  runs=$(mktemp -d)
  trap 'rm -rf "$runs"' EXIT
  local link hosts batch
  for link in "$@"; do
    limit_links "$link"
    for hosts in "${host_counts[@]}"; do
      for batch in "${batches[@]}"; do measure "$link" "$hosts" "$batch"; done
    done
  done
}

# limit_links MBIT: what each host sends and receives; the latter at the port of the bridge.
limit_links() {
  local number tbf=(root tbf rate "$1mbit" burst 128kb latency 200ms)
  for number in 1 2 3 4; do
    nsenter --target "$(cat "$CONVOY_HOST_PIDS/host$number")" --net tc qdisc replace dev eth0 "${tbf[@]}"
    nsenter --target 1 --net tc qdisc replace dev "port$number" "${tbf[@]}"
  done
}

# measure MBIT HOSTS BATCH: what host2 sends in three epochs beyond what it sends in one is that of the steps. In
# both it also hands images on to others.
measure() {
  local one
  train 1 "$2" "$3"
  one=$sent
  train 3 "$2" "$3"
  printf '%s %s %s %.0f %s\n' "$1" "$2" "$3" "$(speed)" "$(((sent - one) / (2 * STEPS)))"
}

# train EPOCHS HOSTS BATCH: one rank a host, one thread a rank; leaves what host2 has sent in `sent`.
train() {
  local before names
  names=$(cut -d' ' -f"1-$2" <<<"$CONVOY_HOSTS")
  rm -rf "$runs/run"
  before=$(sent_by_host2)
  # A fifth of the images validates.
  "$CONVOY_BIN/convoy" run --hosts "${names// /,}" -- --run-dir "$runs/run" --verbose 0 --threads 1 \
    --epochs "$1" --batch-size "$3" --train-limit $((STEPS * $3 * 5 / 4)) "${flags[@]}" 2>"$runs/errors" ||
    fail 1 "the training failed: $(cat "$runs/errors")"
  sent=$(($(sent_by_host2) - before))
}

# /sys would show another namespace's.
# shellcheck disable=SC2016  # awk's
sent_by_host2() { nsenter --target "$(cat "$CONVOY_HOST_PIDS/host2")" --net awk '$1 == "eth0:" { print $10 }' /proc/net/dev; }

speed() {
  /usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["train_images_per_second"])' "$runs/run/summary.json"
}

if [[ ${1:-} == --inside ]]; then
  shift
  inside "$@"
else
  main "$@"
fi
