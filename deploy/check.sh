#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests but the long ones. The closing lines say what
# failed and why; run one alone with: ctest --preset release -R NAME
#
# Usage: deploy/check.sh
# Environment: CONVOY_DATA  directory of the MNIST files; looked for where it is not set. Tests that
#                           need MNIST are skipped, and say so, where there is none.
# Exit code: 0 all passed, otherwise not 0; a test that was skipped and should not have been counts as
#            failed (tests/support/permitted_skips.txt).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

[[ $# -eq 0 ]] || fail 2 "takes no arguments; for one test: ctest --preset release -R NAME"
"$CONVOY_ROOT/deploy/install.sh"
leave_root_after_sudo "$CONVOY_ROOT/deploy/check.sh"
say "Building"
build_release all

if CONVOY_DATA=$(find_mnist); then
  export CONVOY_DATA
  say "Testing, with MNIST from $CONVOY_DATA"
else
  unset CONVOY_DATA
  say "Testing without MNIST (deploy/get-mnist.sh gets it)"
fi
cd "$CONVOY_ROOT"
results=build/release/test_results.xml
# Twice as many at a time as there are cores: most end-to-end tests wait.
failed=0
ctest --preset release --parallel "$((2 * $(nproc)))" --output-junit "$CONVOY_ROOT/$results" \
  --test-output-size-passed 1000000 || failed=$?
tests/support/failures.py "$results"
tests/support/unexpected_skips.py "$results" || failed=1
exit "$failed"
