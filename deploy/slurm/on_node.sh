#!/usr/bin/env bash
# Runs a shell command on a node of the Slurm job that this is called in: what convoy run takes for ssh there.
#
# Usage: deploy/slurm/on_node.sh NODE COMMAND       (as CONVOY_SSH, by train.sbatch)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
help_if_asked "$@"
[[ $# -eq 2 ]] || fail 2 "usage: deploy/slurm/on_node.sh NODE COMMAND"
# Beside the ranks, if there are any, and not for longer than convoy run waits.
exec srun --overlap --quiet --nodes=1 --ntasks=1 --nodelist="$1" --immediate=20 sh -c "$2"
